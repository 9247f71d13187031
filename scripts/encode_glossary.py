"""Write the vectors of the glossary's texts that come with the package; run after a change of the glossary.

python scripts/encode_glossary.py
"""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save

from pgfa.config import TextSettings
from pgfa.files import write_atomic
from pgfa.text.encode import encode
from pgfa.text.glossary import VECTORS, all_texts, texts_digest


def main() -> None:
    """Encode all texts and write them as float16."""
    vectors = encode(all_texts(), TextSettings(encoder="minilm")).astype(np.float16)
    write_atomic(VECTORS, save({"vectors": vectors}, metadata={"texts": texts_digest()}))
    print(f"{VECTORS}: {len(vectors):,} texts, {VECTORS.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
