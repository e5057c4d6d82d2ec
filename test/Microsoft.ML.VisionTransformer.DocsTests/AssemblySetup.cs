// How the tests of this assembly run.
[assembly: Parallelize(Scope = ExecutionScope.ClassLevel)]
