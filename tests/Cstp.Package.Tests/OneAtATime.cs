// One Debian, one boot: side by side the tests would stand in each other's way.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Cstp.Package.Tests.Machine.Debian))]
