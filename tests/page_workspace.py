"""The folder in which pages are carried out: what a reader has, in small synthetic recordings of every kind."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

from builders import standing_body
from guides import CHECKOUT, blocks
from pgfa.config import RunSettings
from pgfa.pack import import_dataset
from pgfa.read import FORMATS
from pgfa.read.formats.npz import save_clip
from pgfa.read.parsing.mat5 import array_bytes
from pgfa.skeleton import KINECT20, Clip, Source
from pgfa.train.corpus import build_corpus
from pgfa.train.train import train

KINDER_GATOR = ("Bow", "Swim", "Jump", "Punch", "Draw a circle", "Touch your toes")
OWN_CLASSES = ("wave", "kick", "clap", "bow", "squat", "jump")
PEOPLE = ("anna", "ben")


def sample(name: str) -> dict[str, bytes]:
    """The sample of a format."""
    make = FORMATS[name].sample
    assert make
    return make()


def motion(seed: int, frames: int = 12) -> np.ndarray:
    """(frames, 20, 3) a standing body that moves a little, 3 m in front of the sensor."""
    sway = np.random.default_rng(seed).normal(0, 0.02, (frames, 20, 3)).cumsum(axis=0)
    return standing_body() + sway + [0, 1, 3]


def own_clip(seed: int, frames: int = 12) -> Clip:
    """A recording of one's own."""
    return Clip(motion(seed, frames)[:, None].astype(np.float32), 30.0, KINECT20, Source(id=f"{seed}"))


def frame_lines(frames: int = 40) -> list[str]:
    """What a camera program writes for `pgfa live`."""
    positions = np.round(motion(7, frames), 3).tolist()
    lines = [{"t": i / 30, "bodies": [body]} for i, body in enumerate(positions)]
    return [json.dumps({"layout": "kinect20"}), *map(json.dumps, lines)]


def build(root: Path) -> None:
    """Fill an empty folder."""
    for name in (".venv", "env"):
        (root / name / "bin").mkdir(parents=True)
        (root / name / "bin" / "activate").touch()
    for name in ("specs", "results"):
        shutil.copytree(CHECKOUT / name, root / name)
    downloads(root / "PATH" / "TO")
    single_files(root)
    own_recordings(root)
    pack = root / "packs" / "mine"
    import_dataset("files", root / "recordings", pack, labels=root / "labels.csv", progress=False)
    settings = RunSettings(
        packs=(str(pack),), split="recordings/unseen:wave,kick", train={"epochs": 1, "batch_size": 4}
    )
    train(settings, build_corpus(settings, [root / "mine.toml"]), root / "runs" / "joint", device="cpu")


def downloads(folder: Path) -> None:
    """Data sets as published, one clip per class."""
    for name in ("msr-action3d", "hdm05", "kinder-gator", "Skeleton"):
        (folder / name).mkdir(parents=True)
    for name in ("msr-action3d", "hdm05"):
        for file, content in sample(name).items():
            (folder / name / file).write_bytes(content)
    for name in KINDER_GATOR:
        for file, content in sample("kinder-gator").items():
            other = content.replace(b"Bow", name.encode())
            (folder / "kinder-gator" / file.replace("Bow", name)).write_bytes(other)
    for label in range(1, 28):
        d_skel = motion(label).transpose(1, 2, 0)
        (folder / "Skeleton" / f"a{label}_s1_t1_skeleton.mat").write_bytes(array_bytes("d_skel", d_skel))


def single_files(root: Path) -> None:
    """Recordings and folders of them without labels."""
    (skeleton,) = sample("ntu").values()
    (root / "clip.skeleton").write_bytes(skeleton)
    (bvh,) = sample("bvh").values()
    (root / "clip.bvh").write_bytes(bvh)
    (root / "notes.txt").write_text("filmed on Monday", encoding="utf-8")
    save_clip(root / "dance.npz", own_clip(90))
    save_clip(root / "long.npz", own_clip(91, 330))
    np.save(root / "wave.npy", motion(99)[:, None])
    for folder in ("my-clips", "bvh-sample"):
        (root / folder).mkdir()
    for number in range(6):
        save_clip(root / "my-clips" / f"{number}.npz", own_clip(number))
    for number in range(2):
        (root / "bvh-sample" / f"{number}.bvh").write_bytes(bvh)
    with zipfile.ZipFile(root / "more.zip", "w") as archive:
        archive.writestr("more.skeleton", skeleton)


def own_recordings(root: Path) -> None:
    """`recordings` with labels.csv, `my-recordings` with a folder per class, and mine.toml for the former."""
    lines = [["file", "action", "subject"]]
    for number, action in enumerate(OWN_CLASSES):
        for take in range(4):
            who, seed = PEOPLE[take % 2], 100 + 10 * number + take
            name = f"{who}/{action}-{take + 1:02d}.npz"
            for file in (root / "recordings" / name, root / "my-recordings" / action / f"{take}.npz"):
                file.parent.mkdir(parents=True, exist_ok=True)
                save_clip(file, own_clip(seed))
            lines.append([name, action, who])
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    (root / "mine.toml").write_text(own_catalogue("docs/own-data.md"), encoding="utf-8")


def prepare_for(page: str, root: Path) -> None:
    """The README has another folder, and so another catalogue, than other pages, and makes every pack and run."""
    if page == "README.md":
        (root / "mine.toml").write_text(own_catalogue(page), encoding="utf-8")
        for name in ("packs", "runs"):
            shutil.rmtree(root / name)


def own_catalogue(page: str) -> str:
    """The catalogue that a page prints, with the classes that it leaves out."""
    text = blocks(page, "toml")[0]
    missing = [name for name in OWN_CLASSES if f'name = "{name}"' not in text]
    return text + "".join(f'[[action]]\nname = "{name}"\nplain = "A person does that."\n' for name in missing)
