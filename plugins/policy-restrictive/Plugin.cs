[assembly: Cstp.Abstractions.CstpPlugin("policy-restrictive", Contract = 1)]
