// One test at a time: they count models, metrics and native memory of the process.
[assembly: DoNotParallelize]
