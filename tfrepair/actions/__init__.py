"""What a step can ask for, one file per action. Pure: arguments and facts to goals."""
