"""Plans from situations, with a resolver that answers from a table."""

from dataclasses import replace

import pytest

from tfrepair.errors import NoRepairError, UnresolvableError
from tfrepair.model.distribution import Distribution
from tfrepair.model.goals import Goals
from tfrepair.model.plan import Carry, Choice, CreateEnvironment, Install, Lock, Pin, RemovePath, Uninstall
from tfrepair.reason.keep import affected, kept
from tfrepair.reason.planner import make_plan
from tfrepair.reason.situation import Situation

SITE = "/env/lib/python3.10/site-packages"


def dist(name, version, *, requires=(), requested=False, **more):
    folder = f"{SITE}/{name.replace('-', '_')}-{version}.dist-info"
    return Distribution(
        name=name, version=version, metadata_path=folder, requires=tuple(requires), requested=requested,
        **{"installer": "pip", **more},
    )  # fmt: skip


def pin(name, version):
    return Pin(name=name, version=version, hashes=(f"sha256:{name}",), size=1_000_000)


def situation(*distributions, **more):
    values = {
        "round": 1,
        "prefix": "/env",
        "fingerprint": "f",
        "strategy": "in-place",
        "python": "/env/bin/python",
        "base": None,
        "base_version": "3.10.13",
        "same_minor": True,
        "markers": {"python_version": "3.10", "sys_platform": "linux"},
        "distributions": distributions,
        "goals": Goals(install=("tensorflow",)),
        "causes": ("numpy-abi",),
        "choice": Choice(name="tensorflow", version="2.10.0", reason="its files are on disk"),
        "family": frozenset({"tensorflow", "tensorflow-gpu", "tensorflow-cpu"}),
        "folders": (
            frozenset({"tensorflow", "tensorflow-gpu", "tensorflow-cpu"}),
            frozenset({"keras", "keras-nightly"}),
        ),
        "bounds": ("numpy<2", "protobuf<3.20"),
        "cutoff": "2022-10-06",
        "leftovers": (("lib/python3.10/site-packages/tensorflow", "what is left of it"),),
    }
    return Situation(**{**values, **more})


class Index:
    """Answers with the given pins; remembers what it was asked; refuses the first `refusals` questions."""

    def __init__(self, *pins, refusals=0, missing=()):
        self.pins, self.asked, self.refusals, self.missing = pins, [], refusals, frozenset(missing)

    def __call__(self, request):
        self.asked.append(request)
        if len(self.asked) <= self.refusals:
            raise UnresolvableError("no", reason="they disagree", missing=self.missing)
        return Lock(pins=self.pins, pylock="")


TEXTBOOK = (
    dist("tensorflow", "2.9.0", requires=["numpy>=1.20", "keras"], requested=True, missing=30),
    dist("tensorflow-gpu", "2.10.0", requires=["numpy>=1.20", "keras"], requested=True),
    dist("numpy", "2.2.6"),
    dist("keras", "2.9.0"),
    dist("six", "1.17.0"),
)
ANSWER = (pin("tensorflow", "2.10.0"), pin("numpy", "1.23.3"), pin("keras", "2.10.0"), pin("six", "1.17.0"))


def names(plan, kind):
    return [operation.name for operation in plan.operations if isinstance(operation, kind)]


def test_the_textbook_conflict_is_uninstalled_whole_and_installed_once():
    plan = make_plan(situation(*TEXTBOOK), Index(*ANSWER))
    assert names(plan, Uninstall) == ["tensorflow", "tensorflow-gpu", "numpy", "keras"]
    assert [o.path for o in plan.operations if isinstance(o, RemovePath)] == ["lib/python3.10/site-packages/tensorflow"]
    (install,) = [o for o in plan.operations if isinstance(o, Install)]
    assert install.names == ("tensorflow", "numpy", "keras")
    assert plan.moves == ()


def test_metadata_paths_are_relative_to_the_prefix():
    plan = make_plan(situation(*TEXTBOOK), Index(*ANSWER))
    assert plan.operations[0].metadata == "lib/python3.10/site-packages/tensorflow-2.9.0.dist-info"


@pytest.mark.parametrize(
    ("installed", "same_minor", "held"), [("65.5.0", True, True), ("82.0.1", True, False), ("65.5.0", False, False)]
)
def test_setuptools_stays_where_it_can_and_never_loses_pkg_resources(installed, same_minor, held):
    index = Index(*ANSWER)
    mine = dist("pyfiglet", "0.8", requested=True)
    make_plan(
        situation(*TEXTBOOK, mine, dist("setuptools", installed), dist("pip", "24.0"), same_minor=same_minor), index
    )
    assert ("setuptools<82" in index.asked[-1].constraints) == held
    assert (("setuptools", installed) in index.asked[-1].preferences) == same_minor


def test_a_healthy_release_is_not_fetched_again():
    healthy = dist("tensorflow", "2.10.0", requires=["numpy"], requested=True)
    plan = make_plan(
        situation(healthy, dist("numpy", "2.2.6")), Index(pin("tensorflow", "2.10.0"), pin("numpy", "1.23.3"))
    )
    assert names(plan, Uninstall) == ["numpy"]
    assert [o.names for o in plan.operations if isinstance(o, Install)] == [("numpy",)]
    assert not [o for o in plan.operations if isinstance(o, RemovePath)]


def test_versions_of_the_users_distributions_are_constraints_and_exempt_from_the_cutoff():
    pandas = dist("pandas", "2.2.3", requires=["numpy>=1.22.4", "pytz>=2020.1"], requested=True)
    index = Index(*ANSWER)
    make_plan(situation(*TEXTBOOK, pandas, dist("pytz", "2025.1")), index)
    (request,) = index.asked
    assert {"pandas==2.2.3", "pytz==2025.1", "numpy>=1.22.4", "numpy<2"} <= set(request.constraints)
    assert not any(line.startswith("numpy==") for line in request.constraints)
    assert {"pandas", "pytz"} <= set(request.exempt)
    assert request.roots == ("tensorflow==2.10.0",)


def test_what_must_move_comes_from_the_releases_own_time_where_that_can_be():
    pandas = dist("pandas", "2.2.3", requires=["numpy>=1.22.4"], requested=True)
    index = Index(*ANSWER, refusals=1)
    make_plan(situation(*TEXTBOOK, pandas), index)
    first, second = index.asked
    assert "numpy" not in first.exempt
    assert "numpy" in second.exempt
    assert first.constraints == second.constraints


def test_the_tree_of_a_tensorflow_that_stays_is_left_alone_where_it_fits():
    whole = dist("tensorflow", "2.10.0", requires=["numpy", "h5py"], requested=True)
    tree = (whole, dist("numpy", "2.2.6"), dist("h5py", "3.16.0"), dist("keras", "2.9.0"))
    index = Index(pin("tensorflow", "2.10.0"), pin("numpy", "1.23.3"), pin("h5py", "3.16.0"), pin("keras", "2.10.0"))
    make_plan(situation(*tree, gentle=True, unfit=frozenset({"keras"})), index)
    (request,) = index.asked
    assert "h5py==3.16.0" in request.constraints
    assert not any(line.startswith(("keras==", "numpy==")) for line in request.constraints)
    assert "h5py" in request.exempt
    assert not {"numpy", "keras"} & set(request.exempt)


def test_a_move_that_must_be_says_why():
    pandas = dist("pandas", "2.2.3", requires=["numpy>=1.22.4"], requested=True)
    plan = make_plan(situation(*TEXTBOOK, pandas), Index(*ANSWER))
    (move,) = plan.moves
    assert (move.name, move.before, move.after) == ("numpy", "2.2.6", "1.23.3")
    assert move.why == "tensorflow 2.10.0 works with numpy<2"


def test_what_changes_in_the_tree_of_tensorflow_is_named_with_both_versions():
    tree = (
        dist("tensorflow", "2.10.0", requires=["numpy", "h5py", "keras"], requested=True, missing=3),
        dist("numpy", "2.2.6"), dist("h5py", "3.16.0"), dist("keras", "2.9.0"),
    )  # fmt: skip
    pins = [pin("tensorflow", "2.10.0"), pin("numpy", "1.23.3"), pin("h5py", "3.16.0"), pin("keras", "2.10.0")]
    for strategy, base in (("in-place", None), ("rebuild", "/usr/bin/python3")):
        plan = make_plan(situation(*tree, strategy=strategy, base=base), Index(*pins))
        assert plan.moves == ()
        (note,) = [note for note in plan.notes if "only TensorFlow needs" in note]
        assert "keras 2.9.0 -> 2.10.0, numpy 2.2.6 -> 1.23.3" in note
        assert "h5py" not in note


def test_what_asks_for_another_tensorflow_is_named_whatever_the_distribution_is_called():
    other = dist("models", "1.0", requires=["tensorflow<2.10"], requested=True)
    choice = Choice(name="tensorflow-cpu", version="2.10.0", reason="asked for")
    plan = make_plan(situation(*TEXTBOOK, other, choice=choice), Index(pin("tensorflow-cpu", "2.10.0")))
    assert "models 1.0 requires tensorflow<2.10, which will not hold" in plan.notes


def test_pins_yield_before_requirements_do():
    user = dist("flask", "3.0", requires=["six==1.17.0"], requested=True)
    index = Index(*ANSWER, refusals=3)
    make_plan(situation(*TEXTBOOK, user), index)
    first, second, near, third = index.asked
    assert "flask==3.0" in first.constraints
    assert "flask==3.0" in second.constraints
    assert "flask==3.0" in near.constraints
    assert "flask==3.0" not in third.constraints
    assert "six==1.17.0" in third.constraints
    assert ("flask", "3.0") in third.preferences


def test_where_nothing_fits_it_is_not_asked_again_and_again():
    user = (dist("pandas", "2.2.3", requires=["numpy"], requested=True), dist("flask", "3.0", requires=["six==1.17.0"]))
    index = Index(*ANSWER, refusals=99)
    with pytest.raises(NoRepairError, match="they disagree"):
        make_plan(situation(*TEXTBOOK, *user), index)
    assert len(index.asked) <= 5
    assert all(request not in index.asked[:number] for number, request in enumerate(index.asked))
    last = index.asked[-1]
    assert last.constraints == tuple(c for c in index.asked[0].constraints if c in last.constraints)
    assert not any(line.startswith(("pandas==", "flask==")) for line in (*last.roots, *last.constraints))


def test_in_an_empty_environment_there_is_one_question_to_ask():
    index = Index(refusals=99)
    with pytest.raises(NoRepairError):
        make_plan(situation(), index)
    assert len(index.asked) <= 2


def test_what_is_there_only_for_something_else_yields_first():
    user = (dist("pandas", "2.2.3", requires=["python-dateutil"], requested=True), dist("python-dateutil", "4.0"))
    change = situation(*user, strategy="rebuild", base="/usr/bin/python3.10", same_minor=False)
    index = Index(*ANSWER, refusals=1)
    make_plan(change, index)
    first, second = index.asked
    assert {"pandas==2.2.3", "python-dateutil==4.0"} <= set(first.roots)
    assert {"pandas==2.2.3", "python-dateutil"} <= set(second.roots)
    assert "python-dateutil==4.0" not in second.constraints


def test_what_must_move_stays_within_its_major_version_first():
    user = (
        dist("opencv", "4.5", requires=["numpy>=1.21"], requested=True),
        dist("numpy", "1.23.5"),
    )
    index = Index(*ANSWER, refusals=2)
    make_plan(situation(*user), index)
    pinned, near, beyond = index.asked
    assert "numpy==1.23.5" in pinned.constraints
    assert {"numpy==1.*", "opencv==4.5"} <= set(near.constraints)
    assert "opencv==4.5" in beyond.constraints
    assert not any(line.startswith("numpy==") for line in beyond.constraints)


def test_what_a_round_before_has_broken_moves_and_the_plan_says_why():
    pandas = dist("pandas", "1.5.3", requires=["numpy>=1.20"], requested=True)
    index = Index(*ANSWER, pin("pandas", "2.2.3"))
    plan = make_plan(situation(*TEXTBOOK, pandas, lost={"pandas": "`pandas` 1.5.3 no longer imports"}), index)
    request = index.asked[0]
    assert "pandas" in request.roots
    assert "pandas!=1.5.3" in request.constraints
    assert not {"pandas==1.5.3", "numpy>=1.20"} & set(request.constraints)
    assert "pandas" not in request.exempt
    move = next(move for move in plan.moves if move.name == "pandas")
    assert (move.after, move.why) == ("2.2.3", "`pandas` 1.5.3 no longer imports")


def test_what_did_not_come_from_an_index_is_not_replaced_from_one():
    mine = dist("mine", "1.0", requires=["numpy"], requested=True, editable=True)
    with pytest.raises(NoRepairError, match="did not come from an index"):
        make_plan(situation(*TEXTBOOK, mine, lost={"mine": "it no longer imports"}), Index(*ANSWER))


FAMILY = ("tensorflow", "tensorflow-gpu")
MARKERS = {"python_version": "3.10", "sys_platform": "linux"}


@pytest.mark.parametrize(
    ("changed", "noticing"),
    [
        ({"numpy"}, ["numpy", "scipy", "sklearn"]),
        ({"scipy"}, ["scipy", "sklearn"]),
        ({"six"}, []),
        ({"tensorflow", "numpy", "pip"}, ["numpy", "scipy", "sklearn"]),
        (set(), []),
    ],
)
def test_only_what_needs_something_that_changes_may_notice(changed, noticing):
    here = (
        dist("tensorflow", "2.10.0", requires=["numpy", "six"], requested=True),
        dist("numpy", "1.26.4"),
        dist("six", "1.17.0"),
        dist("pip", "24.0"),
        dist("scipy", "1.11.0", requires=["numpy"], requested=True),
        dist("sklearn", "1.3.0", requires=["scipy"], requested=True),
        dist("flask", "3.0", requires=["six; extra == 'old'"], requested=True),
    )
    assert [d.name for d in affected(here, changed, FAMILY, MARKERS)] == noticing


def test_when_nothing_fits_the_resolvers_reason_is_told():
    with pytest.raises(NoRepairError, match="they disagree"):
        make_plan(situation(*TEXTBOOK), Index(refusals=99))


def test_a_rebuild_carries_what_is_healthy_and_installs_the_rest():
    rebuild = situation(
        *TEXTBOOK, dist("flask", "3.0", requested=True), dist("broken", "1.0", missing=2, requested=True),
        strategy="rebuild", base="/usr/bin/python3.10",
    )  # fmt: skip
    index = Index(*ANSWER, pin("broken", "1.0"))
    plan = make_plan(rebuild, index)
    create, carry, install = plan.operations
    assert isinstance(create, CreateEnvironment)
    assert isinstance(carry, Carry)
    assert carry.distributions == ("six", "flask")
    assert install.names == ("tensorflow", "numpy", "keras", "broken")
    assert "broken==1.0" in index.asked[0].roots


def test_a_rebuild_does_not_leave_behind_the_folder_of_a_tensorflow_that_it_carries():
    whole = (dist("tensorflow", "2.10.0", requires=["numpy"], requested=True), dist("numpy", "2.2.6"))
    rebuild = situation(*whole, strategy="rebuild", base="/usr/bin/python3.10")
    _, carry, install = make_plan(rebuild, Index(pin("tensorflow", "2.10.0"), pin("numpy", "1.23.3"))).operations
    assert carry == Carry(distributions=("tensorflow",), leave=())
    assert install.names == ("numpy",)


def test_another_minor_version_installs_everything_anew():
    flask = dist("flask", "3.0", requested=True)
    change = situation(*TEXTBOOK, flask, strategy="rebuild", base="/usr/bin/python3.11", same_minor=False)
    index = Index(*ANSWER, pin("flask", "3.0"))
    plan = make_plan(change, index)
    assert "flask==3.0" in index.asked[0].roots
    assert plan.operations[1].distributions == ()
    assert "flask" in plan.operations[2].names


def test_a_new_environment_is_created_and_filled():
    plan = make_plan(situation(strategy="create", base="/usr/bin/python3.10", fingerprint=None), Index(*ANSWER))
    assert [operation.action for operation in plan.operations] == ["venv", "install"]


def test_what_shares_a_folder_with_a_removed_distribution_is_written_anew():
    nightly = (dist("keras", "2.10.0"), dist("keras-nightly", "2.11"))
    tensorflow = dist("tensorflow", "2.10.0", requested=True)
    plan = make_plan(situation(tensorflow, *nightly), Index(pin("tensorflow", "2.10.0"), pin("keras", "2.10.0")))
    assert names(plan, Uninstall) == ["keras", "keras-nightly"]
    assert plan.operations[-1].names == ("keras",)


def test_two_copies_of_one_name_both_go():
    twice = (dist("numpy", "1.23.3"), replace(dist("numpy", "2.2.6")))
    plan = make_plan(situation(*twice), Index(pin("tensorflow", "2.10.0"), pin("numpy", "1.23.3")))
    assert names(plan, Uninstall) == ["numpy", "numpy"]
    assert plan.operations[-1].names == ("tensorflow", "numpy")


def test_what_is_kept_is_what_nobody_but_the_user_asked_for():
    stays = kept(
        (*TEXTBOOK, dist("requests", "2.31", requires=["certifi"], requested=True), dist("certifi", "2024.1")),
        frozenset({"tensorflow", "tensorflow-gpu"}),
        {"python_version": "3.10"},
    )
    assert [d.name for d in stays] == ["six", "requests", "certifi"]


def test_what_needs_tensorflow_does_not_make_its_tree_the_users():
    hub = dist("tensorflow-hub", "0.16", requires=["tensorflow>=2", "six"], requested=True)
    stays = kept((*TEXTBOOK, hub), frozenset({"tensorflow", "tensorflow-gpu"}), {"python_version": "3.10"})
    assert [d.name for d in stays] == ["six", "tensorflow-hub"]


def test_where_uv_marks_everything_as_requested_only_what_tensorflow_names_itself_is_tensorflows():
    tree = (
        dist("tensorflow", "2.10.0", requires=["numpy", "gast", "tensorboard"], requested=True, installer="uv"),
        dist("gast", "0.4.0", requested=True, installer="uv"),
        dist("numpy", "2.2.6", requested=True, installer="uv"),
        dist("tensorboard", "2.10.1", requires=["requests"], requested=True, installer="uv"),
        dist("requests", "2.32.3", requires=["idna"], requested=True, installer="uv"),
        dist("idna", "3.7", requested=True, installer="uv"),
    )
    stays = kept(tree, frozenset({"tensorflow"}), {"python_version": "3.10"})
    assert [d.name for d in stays] == ["numpy", "requests", "idna"]


def test_what_was_asked_for_by_name_is_not_held_at_another_version():
    old = dist("nvidia-cudnn-cu12", "9.1.0.70", requested=True)
    asked = Goals(install=("tensorflow", "nvidia-cudnn-cu12==9.3.0.75"))
    index = Index(pin("tensorflow", "2.10.0"), pin("nvidia-cudnn-cu12", "9.3.0.75"))
    plan = make_plan(situation(dist("tensorflow", "2.10.0"), old, dist("flask", "3.0"), goals=asked), index)
    (request,) = index.asked
    assert "nvidia-cudnn-cu12==9.1.0.70" not in request.constraints
    assert "flask==3.0" in request.constraints
    (move,) = plan.moves
    assert move.why == "a playbook or a requirements file asks for nvidia-cudnn-cu12==9.3.0.75"


def test_what_a_constraint_rules_out_is_not_held_so_that_all_else_is():
    have = (
        dist("tensorflow", "2.10.0"),
        dist("numpy", "1.23.5", requested=True),
        dist("optree", "0.20.0", requested=True),
    )
    index = Index(pin("tensorflow", "2.10.0"), pin("numpy", "1.22.4"), pin("optree", "0.20.0"))
    plan = make_plan(situation(*have, constraints=("numpy==1.22.4",)), index)
    (request,) = index.asked
    assert {"numpy==1.22.4", "optree==0.20.0"} <= set(request.constraints)
    assert "numpy==1.23.5" not in request.constraints
    assert [(move.name, move.why) for move in plan.moves] == [("numpy", "a constraint asks for numpy==1.22.4")]


def test_what_a_playbook_takes_away_is_not_held():
    other = dist("nvidia-cudnn-cu11", "8.7.0.84", requested=True, altered=1)
    goals = Goals(install=("tensorflow",), uninstall=("nvidia-cudnn-cu11",))
    index = Index(pin("tensorflow", "2.10.0"))
    plan = make_plan(situation(dist("tensorflow", "2.10.0"), other, goals=goals), index)
    (request,) = index.asked
    assert not any("cu11" in line for line in (*request.constraints, *request.roots))
    assert names(plan, Uninstall) == ["nvidia-cudnn-cu11"]


@pytest.mark.parametrize(("missing", "final"), [("keras", True), ("tensorflow==2.10.0", True), ("lamp", False)])
def test_nothing_more_is_tried_once_what_tensorflow_itself_needs_is_not_to_be_had(missing, final):
    user = dist("lamp", "1.0", requires=["colours"], requested=True)
    index = Index(refusals=99, missing=[missing])
    with pytest.raises(NoRepairError, match="they disagree"):
        make_plan(situation(user, declared=("keras<2.11,>=2.10.0", "numpy>=1.20")), index)
    assert (len(index.asked) == 1) == final
