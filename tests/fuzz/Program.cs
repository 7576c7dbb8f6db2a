using Cstp.Fuzz;
using Cstp.Fuzz.Targets;
using SharpFuzz;

// What tests/fuzz/run calls; the folder holds identities, seeds and a dictionary for each target.
switch (args)
{
    case ["targets"]:
        foreach (string name in FuzzTarget.Parsers)
            Console.WriteLine(name);
        return 0;
    case ["prepare", string folder]:
        FuzzFolder.Make(folder);
        return 0;
    case ["instrument", .. string[] libraries]:
        foreach (string library in libraries)
            Fuzzer.Instrument(library, static _ => true, Options.Value);
        return 0;
    case ["run", string name, string folder]:
        // Instrumented code may run only once AFL++ is connected.
        var target = new Lazy<FuzzTarget>(() => FuzzTarget.Open(name, new FuzzFolder(folder)));
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            target.Value.Take(input.ToArray());
        });
        return 0;
    case ["try", string name, string folder, .. string[] files]:
        FuzzTarget tried = FuzzTarget.Open(name, new FuzzFolder(folder));
        foreach (string file in files)
            tried.Take(File.ReadAllBytes(file));
        return 0;
    default:
        Console.Error.WriteLine("usage: Cstp.Fuzz targets | prepare FOLDER | instrument DLL... | run TARGET FOLDER | try TARGET FOLDER FILE...");
        return 64;
}
