"""NTU RGB+D (docs/method.md section 5): 60 classes, Kinect v2, 302 clips excluded by custom."""

from pgfa.read.datasets.ntu.reader import dataset_format

FORMAT = dataset_format("ntu60", "NTU RGB+D", 60, 302)
