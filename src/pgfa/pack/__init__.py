"""Packs, folders of many clips on disk: import a data set, open, select, summarise."""

from pgfa.pack.importing.importer import ImportReport, import_dataset
from pgfa.pack.pack import Pack, Rejected, is_pack, open_pack
from pgfa.pack.summary import Summary, listing_note, summary
from pgfa.pack.write import save_pack

__all__ = [
    "ImportReport", "Pack", "Rejected", "Summary",
    "import_dataset", "is_pack", "listing_note", "open_pack", "save_pack", "summary",
]  # fmt: skip
