[assembly: Cstp.Abstractions.CstpPlugin("policy-liberal", Contract = 1)]
