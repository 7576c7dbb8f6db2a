[assembly: Cstp.Abstractions.CstpPlugin("policy-all-or-nothing", Contract = 1)]
