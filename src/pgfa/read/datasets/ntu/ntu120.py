"""NTU RGB+D 120 (docs/method.md section 5): 120 classes, Kinect v2, 535 clips excluded by custom."""

from pgfa.read.datasets.ntu.reader import dataset_format

FORMAT = dataset_format("ntu120", "NTU RGB+D 120", 120, 535)
