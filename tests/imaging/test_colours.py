"""One meaning a colour."""

from hypothesis import given
from hypothesis import strategies as st

from faig.imaging.colours import COLOURS, FIXED, GREY, OTHERS, colours_of

names = st.lists(st.sampled_from(["blur", "noise", "jpeg", "clean", "rain", "haze", "a", "blur+noise", "NA"]))


@given(names)
def test_functions_keep_their_colours_whatever_else_there_is(kinds):
    colours = colours_of(kinds)
    assert {kind: colours[kind] for kind in FIXED} == FIXED
    assert colours["clean"] == GREY
    assert set(kinds) <= set(colours)
    assert colours == colours_of(reversed(kinds)) == colours_of([*kinds, *kinds])
    assert len(set(colours.values())) == len(colours)  # as long as there are enough
    assert set(colours.values()) <= set(COLOURS)


def test_colours_begin_again_and_grey_is_of_clean_inputs_alone():
    colours = colours_of(f"k{number:02}" for number in range(20))
    assert [kind for kind, colour in colours.items() if colour == GREY] == ["clean"]
    assert colours["k00"] == colours[f"k{len(OTHERS):02}"] == OTHERS[0]
