"""How a file is read: the one place that decides what a file does not say. (pgfa.read.interpret)

A reader parses a file into numbers and what the file states. Everything else is decided here, by four steps in this
order, each of which gives a value and a basis (`decision.Decision`):

1. `stated`: the user says so (`pgfa.read.stated.Stated`: options, arguments, pgfa-recordings.toml).
2. `declared`: the file or its format says so.
3. `established`: a human body appears in this reading and in no other. `body` measures that, the same for a body that
   is turned, moved or scaled: lengths and their ratios, left and right, constancy over time; and `facing`, whether
   feet, knees and nose point to the front that the left and the right side give.
4. `custom` and `assumed`: what the body cannot contradict (pictures count y downwards), or what does no harm and is
   noted among the problems (30 frames per second; an adult's size where no unit fits).

What none of them settles is refused with `Undecided`, which names the alternatives and how to state one.

| quantity | candidates | how a body decides | module |
|---|---|---|---|
| axes, columns, layout | of a known number of joints | `Fit.cost` below MAX_COST, others MARGIN above | `arrays` |
| score column | score, z | from 0 to 1 but for a few values, and no depth of a body | `arrays` |
| absent joints | NaN, 0, -1, 9999, a shared value | the origin of a body is close to its neighbours | `missing` |
| handedness | right, left | `chirality` beyond RIGHT or MIRRORED | `upright` |
| up | y, -y | the trunk stands along it most of the time | `upright` |
| up | z | it stands on its feet, and moves as a lying person cannot | `gravity` |
| up | another axis | it is not flat above a floor or a bed at 0 along that | `lying` |
| unit | m, cm, mm, in, ft | a plausible stature; declared or stated: a plausible torso | `upright`, `size` |
| up | another axis | the body is not on all fours, in a plank, on the hands or crawling along that | `postures` |
| joints, axes | as named, one unit | bones keep their lengths, and spans of limbs do not | `plausible` |
| frames | in the order of time | the body goes on from frame to frame | `frame_order` |
| scale | of all frames | no size is the same in all while no bone keeps its length | `frame_scales` |

Standing with z up and lying with y up are the same numbers as long as the body stays in place, so an array whose trunk
points along z is refused until the user says which, unless the body walks about (`gravity`). So are a trunk along x,
and a picture whose trunk points along its first column (y, x or somebody who lies).

The decisions travel among the problems of a reader; `pgfa.read.assemble` makes `Clip.reading` of them, applies what
the user states and no reader has applied, and notes if the result is mirrored or upside down after all.
"""
