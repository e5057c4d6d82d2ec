// One test at a time: each has a browser and a network of its own.
[assembly: DoNotParallelize]
