"""pgfa: recognise human actions nobody recorded in training, from 3-D skeletons and sentences."""
