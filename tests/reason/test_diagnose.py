from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.model.finding import Diagnosis, Evidence, Finding, NotChecked
from tfrepair.model.playbook import AllOf, EvidenceTemplate, Match, Playbook, Rule, Signature, Source
from tfrepair.playbook.loader import load_builtin
from tfrepair.reason.diagnose import diagnose

SOURCE = Source(path="x.yaml", origin="option")


def facts(**states):
    return Facts.of(Fact(path=path.replace("__", "."), state=state, source="test") for path, state in states.items())


def fact(path, value=True):
    return Match(fact=path, operator="equals", equals=value)


def rule(when, **more):
    return Rule(when=when, evidence=(EvidenceTemplate(kind="host", text="seen"),), **more)


def playbook(name, *rules, signatures=(), **more):
    return Playbook(
        name=name,
        title=f"Title of {name}",
        about="",
        repair="manual",
        source=SOURCE,
        rules=rules,
        signatures=signatures,
        **more,
    )


def ids(diagnosis):
    return [(finding.id, finding.caused_by) for finding in diagnosis.findings]


ON = facts(a__on=Known(True))
YES = rule(fact("a.on"))


def test_a_true_rule_is_a_finding():
    assert diagnose(ON, [playbook("one", YES)]) == Diagnosis(
        findings=(
            Finding(
                id="one",
                title="Title of one",
                severity="error",
                confidence="high",
                evidence=(Evidence(kind="host", text="seen"),),
                repair="manual",
                playbook="one",
                decided_by="a.on",
            ),
        )
    )


def test_the_strongest_hit_gives_severity_and_confidence():
    weak = rule(fact("a.on"), severity="warning", confidence="high")
    strong = rule(fact("a.on"), severity="error", confidence="low")
    (found,) = diagnose(ON, [playbook("one", weak, strong)]).findings
    assert (found.severity, found.confidence) == ("error", "low")
    assert found.evidence == (Evidence(kind="host", text="seen"),)


def test_a_rule_is_an_error_where_a_second_condition_says_so():
    book = playbook("one", rule(fact("a.on"), severity="warning", error_when=fact("a.required")))
    for state, severity in ((Known(True), "error"), (Known(False), "warning"), (Unknown("not probed"), "warning")):
        (found,) = diagnose(ON.merged(facts(a__required=state)), [book]).findings
        assert found.severity == severity


def test_a_guard_that_is_not_known_does_not_silence_a_rule():
    guarded = playbook("one", rule(fact("a.on"), unless=fact("a.guard")))
    assert ids(diagnose(ON, [guarded])) == [("one", None)]
    assert ids(diagnose(ON.merged(facts(a__guard=Known(True))), [guarded])) == []


def test_a_signature_quotes_its_line_and_counts_only_after_a_failed_import():
    signature = Signature(pattern=r"boom \d", confidence="medium", means="it went off")
    book = playbook("one", signatures=(signature,))
    world = facts(import__ok=Known(False), import__output=Known("first\r\n\x1b[31m  boom 1\x1b[0m\r\nlast"))
    (found,) = diagnose(world, [book]).findings
    assert found.evidence == (Evidence(kind="output", text="the output says `boom 1`: it went off"),)
    assert (found.confidence, found.decided_by) == ("medium", "boom 1")
    for ok in (Known(True), Absent(), Unknown("not asked for")):
        assert ids(diagnose(world.merged(facts(import__ok=ok)), [book])) == []


def test_a_signature_counts_unless_its_condition_is_false():
    book = playbook("one", signatures=(Signature(pattern="boom", when=fact("a.on")),))
    world = facts(import__ok=Known(False), import__output=Known("boom " + "x" * 400))
    assert ids(diagnose(world, [book])) == [("one", None)]
    assert ids(diagnose(world.merged(facts(a__on=Known(False))), [book])) == []


def test_causes_come_first_and_the_nearest_one_is_named():
    books = [
        playbook("leaf", YES, rank=1),
        playbook("middle", YES, rank=2, explains=("leaf",)),
        playbook("root", YES, rank=3, explains=("middle", "leaf")),
        playbook("lone", YES, rank=4),
    ]
    assert ids(diagnose(ON, books)) == [("root", None), ("lone", None), ("middle", "root"), ("leaf", "middle")]


def test_a_weaker_finding_does_not_explain_a_stronger_one():
    books = [playbook("hint", rule(fact("a.on"), severity="info"), explains=("crash",)), playbook("crash", YES)]
    assert ids(diagnose(ON, books)) == [("crash", None), ("hint", None)]


def test_playbooks_that_explain_each_other_do_not_make_a_circle():
    books = [playbook("b", YES, explains=("a",)), playbook("a", YES, explains=("b",))]
    assert ids(diagnose(ON, books)) == [("b", None), ("a", "b")]


def test_severity_rank_confidence_and_name_order_the_rest():
    sure, unsure = YES, rule(fact("a.on"), confidence="low")
    books = [
        playbook("z", sure, rank=9),
        playbook("y", unsure, rank=9),
        playbook("x", sure, rank=9),
        playbook("w", rule(fact("a.on"), severity="warning"), rank=1),
    ]
    assert [name for name, _ in ids(diagnose(ON, books))] == ["x", "z", "y", "w"]


def test_the_last_resort_counts_only_alone():
    resort = playbook("resort", rule(fact("a.on"), only_if_alone=True, confidence="low"))
    warning = playbook("warning", rule(fact("a.on"), severity="warning"))
    assert ids(diagnose(ON, [resort, warning])) == [("resort", None), ("warning", None)]
    assert ids(diagnose(ON, [resort, playbook("real", YES)])) == [("real", None)]


def test_an_open_rule_is_not_checked_and_says_why():
    world = facts(a__x=Unknown("no permission"), a__y=Unknown("no permission"), import__ok=Unknown("not asked for"))
    both = AllOf(parts=(fact("a.x"), fact("a.y"), fact("a.z")))
    books = [playbook("one", rule(both)), playbook("two", signatures=(Signature(pattern="boom"),))]
    assert diagnose(world, books).not_checked == (
        NotChecked(what="Title of one", why="`a.x`, `a.y` not known (no permission); `a.z` not known (not probed)"),
        NotChecked(what="`import.ok`", why="not asked for"),
    )


def test_an_open_rule_beside_a_firing_one_is_not_mentioned():
    assert diagnose(ON, [playbook("one", YES, rule(fact("a.hidden")))]).not_checked == ()


def test_evidence_for_each_item_is_chosen_and_capped():
    each = EvidenceTemplate(kind="file", text="{item.n}", each="a.list", where={"odd": True})
    book = playbook("one", Rule(when=fact("a.on"), evidence=(each,)))
    world = ON.merged(facts(a__list=Known([{"n": n, "odd": n % 2 == 1} for n in range(20)])))
    (found,) = diagnose(world, [book]).findings
    assert [evidence.text for evidence in found.evidence] == ["1", "3", "5", "7", "9", "and 5 more of the same kind"]


def test_what_is_not_installed_is_said_once():
    missing = {
        "distribution": "tensorflow", "version": "2.18.1", "requirement": "h5py>=3.11.0", "name": "h5py",
        "installed": None, "family": True,
    }  # fmt: skip
    world = facts(inventory__unsatisfied=Known([missing]), bounds__broken=Known([]), import__ok=Known(False))
    (book,) = [one for one in load_builtin() if one.name == "dependency-mismatch"]
    (found,) = diagnose(world, [book]).findings
    assert [one.text for one in found.evidence] == [
        "`tensorflow` 2.18.1 requires `h5py>=3.11.0`, which is not installed"
    ]
