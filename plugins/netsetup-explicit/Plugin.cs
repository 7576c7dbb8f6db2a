[assembly: Cstp.Abstractions.CstpPlugin("netsetup-explicit", Contract = 1)]
