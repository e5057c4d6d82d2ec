// Tests run one class at a time: they count live tensors, which all threads share.
[assembly: DoNotParallelize]
