"""`python -m tfrepair`."""

from tfrepair.cli.app import main

if __name__ == "__main__":
    main()
