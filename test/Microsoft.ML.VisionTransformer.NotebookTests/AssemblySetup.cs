// One test at a time: while a notebook runs, the console of the process is the notebook's, and tensors are counted.
[assembly: DoNotParallelize]
