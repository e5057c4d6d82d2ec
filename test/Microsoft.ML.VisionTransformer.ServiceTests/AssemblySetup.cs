// One test at a time: they measure the memory of a service under load.
[assembly: DoNotParallelize]
