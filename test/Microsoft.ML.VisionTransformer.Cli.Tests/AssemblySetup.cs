// Tests run one at a time because trainings compete for the processor.
[assembly: DoNotParallelize]
