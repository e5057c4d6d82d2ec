// Tests run one at a time, because a running notebook redirects the console and tests count tensors.
[assembly: DoNotParallelize]
