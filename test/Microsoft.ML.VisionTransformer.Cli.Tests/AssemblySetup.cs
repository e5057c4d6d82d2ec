// One test at a time: trainings share the processor.
[assembly: DoNotParallelize]
