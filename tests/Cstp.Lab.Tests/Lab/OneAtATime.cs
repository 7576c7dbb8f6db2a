// One lab, one wire: side by side the tests would see each other's frames.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Cstp.Lab.Tests.Lab.LabNetwork))]
