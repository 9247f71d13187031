"""Catalogues of the package, published splits, and catalogues made from class names."""

import json
import re

import pytest

from pgfa.errors import BadConfig, BadFile
from pgfa.text import (
    catalogue,
    catalogue_from_labels,
    catalogue_names,
    find_split,
    sentence_of,
    sentences_of,
)
from pgfa.text.catalogue import NO_MIRROR, catalogue_from_table, catalogue_to_table, custom_catalogues

SIZES = {"utd-mhad": 27, "msr-action3d": 20, "nw-ucla": 10, "hdm05": 11, "kinder-gator": 43, "ntu120": 120}


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_size_of_catalogue(name, size):
    assert len(catalogue(name)) == size
    assert catalogue(name).dataset == name


@pytest.mark.parametrize("name", ["utd-mhad", "msr-action3d", "nw-ucla", "hdm05", "kinder-gator"])
def test_sentences_follow_the_style(name):
    for action in catalogue(name).actions:
        assert re.match(r"(A person|Two people) \w+", action.plain), action.key
        assert action.plain.endswith("."), action.key
        assert 10 <= len(action.plain.split()) <= 22, (action.key, len(action.plain.split()))


@pytest.mark.parametrize("name", catalogue_names())
def test_no_two_classes_have_the_same_sentence(name):
    actions = catalogue(name).actions
    for variant in ("label", "plain", "skeleton"):
        texts = sentences_of(actions, variant)
        assert len(set(texts)) == len(texts), variant


def test_order_of_utd_mhad():
    names = [action.name for action in catalogue("utd-mhad").actions]
    assert [names[i] for i in (0, 4, 12, 14, 17, 20, 26)] == [
        "swipe-left", "throw", "boxing", "tennis-swing", "push", "pickup-and-throw", "squat",
    ]  # fmt: skip


def test_published_splits_by_name():
    split = find_split("utd-mhad/22-5")
    assert split.unseen == ("stand-to-sit", "tennis-swing", "throw", "sit-to-stand", "push")
    assert split.key == "utd-mhad/22-5"
    published = {n: s for n, s in catalogue("utd-mhad").splits.items() if not n.startswith("random-")}
    assert {key: len(s.unseen) for key, s in published.items()} == {
        "22-5": 5,
        "18-9": 9,
        "14-13": 13,
    }
    assert find_split("nw-ucla/8-2").unseen == ("pick-up-with-two-hands", "sit-down")
    assert find_split("nw-ucla/5-5").unseen == (
        "pick-up-with-two-hands", "walk-around", "sit-down", "donning", "throw",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["utd-mhad/23-4", "utd-mhad", "nothing/22-5", ""])
def test_an_unknown_split_lists_the_available_ones(name):
    with pytest.raises(BadConfig, match="utd-mhad/18-9"):
        find_split(name)


def test_an_unknown_catalogue_or_class_lists_the_available_ones():
    with pytest.raises(BadConfig, match="kinder-gator"):
        catalogue("kindergator")
    with pytest.raises(BadConfig, match="swipe-left"):
        catalogue("utd-mhad")["swipe"]


def test_parts_are_one_text():
    text = sentence_of(catalogue("utd-mhad")["push"], "parts")
    assert [piece.split(":")[0] for piece in text.split("; ")] == ["head", "arms", "torso", "legs"]


def test_mirrors_are_mutual():
    for name in catalogue_names():
        classes = catalogue(name)
        for action in classes.actions:
            if action.mirror not in (None, NO_MIRROR):
                assert classes[action.mirror].mirror == action.name


def test_catalogue_from_class_names():
    classes = catalogue_from_labels(["kick_ball", "StandUp", "wave"], "mine")
    assert [action.label for action in classes.actions] == ["kick ball", "stand up", "wave"]
    assert classes["kick_ball"].plain == "A person does this: kick ball."
    assert classes["kick_ball"].means == ("kick-ball",)
    assert classes.dataset == "mine"


@pytest.mark.parametrize(
    ("names", "found"),
    [(["b", "a", "a"], "times: a$"), ([""], "''"), (["__"], "'__'"), (["a/b"], "a/b"), (["a\n"], "a.n")],
)
def test_bad_class_names_are_refused(names, found):
    with pytest.raises(BadConfig, match=rf"expected .* class name .*found .*{found}"):
        catalogue_from_labels(names)


def test_class_names_in_other_scripts():
    assert catalogue_from_labels(["走る"])["走る"].label == "走る"


def test_a_catalogue_by_its_path(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        'dataset = "own"\ntitle = "My clips"\n'
        + "".join(
            f'[[action]]\nid = {i}\nname = "{n}"\nlabel = "{n}"\nplain = "A person {n}s."\nskeleton = "s"\n'
            f'parts = {{ head = "h", arms = "a", torso = "t", legs = "l" }}\nmeans = ["{n}"]\n'
            for i, n in enumerate(["hop", "skip"])
        )
        + '[splits]\none = { unseen = ["skip"], source = "me" }\n'
    )
    own = catalogue(file)
    assert own["skip"].id == 1
    assert own.splits["one"].unseen == ("skip",)
    assert catalogue(str(file)) == own
    with pytest.raises(BadFile, match="no file"):
        catalogue(tmp_path / "none.toml")


def test_a_name_and_a_sentence_per_class_are_enough(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("""dataset = "mine"
[[action]]
name = "kick_ball"
plain = "A person swings one leg forward and kicks a ball."
[[action]]
name = "hop"
plain = "A person hops in place on one leg."
means = ["hop", "jump"]
""")
    classes = catalogue(file)
    kick, hop = classes.actions
    assert (classes.title, kick.id, hop.id) == ("mine", 0, 1)
    assert (kick.label, kick.means, hop.means) == ("kick ball", ("kick-ball",), ("hop", "jump"))
    for variant in ("plain", "skeleton", "parts"):
        assert kick.plain in sentence_of(kick, variant)


@pytest.mark.parametrize("name", catalogue_names())
def test_catalogues_of_the_package_are_complete(name):
    for action in catalogue(name).actions:
        assert action.skeleton != action.plain, action.key
        assert len(set(action.parts.model_dump().values())) > 1, action.key


@pytest.mark.parametrize("name", catalogue_names())
def test_a_catalogue_is_the_same_after_json(name):
    classes = catalogue(name)
    assert catalogue_from_table(json.loads(json.dumps(catalogue_to_table(classes))), "corpus.json") == classes


def test_custom_catalogues_are_those_that_are_not_in_the_package():
    bundled, own = catalogue("hdm05"), catalogue_from_labels(["hop", "kick_ball"], "mine")
    changed = catalogue_from_labels(["squat"], "hdm05")
    assert custom_catalogues([bundled]) == []
    tables = custom_catalogues([bundled, own, changed])
    assert [catalogue_from_table(table, "corpus.json") for table in tables] == [own, changed]
    with pytest.raises(BadFile, match=r"corpus\.json: expected the keys of a catalogue"):
        catalogue_from_table(3, "corpus.json")
