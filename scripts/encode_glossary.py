"""Write the vectors of the glossary's names that come with the package; run after a change of the glossary.

python scripts/encode_glossary.py
"""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save

from pgfa.config import TextSettings
from pgfa.files import write_atomic
from pgfa.text.encode import encode
from pgfa.text.glossary import VECTORS, all_names, names_digest


def main() -> None:
    """Encode all names and write them as float16."""
    vectors = encode(all_names(), TextSettings(encoder="minilm")).astype(np.float16)
    write_atomic(VECTORS, save({"vectors": vectors}, metadata={"names": names_digest()}))
    print(f"{VECTORS}: {len(vectors):,} names, {VECTORS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
