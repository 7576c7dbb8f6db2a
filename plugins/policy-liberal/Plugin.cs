[assembly: Cstp.Abstractions.CstpPlugin("policy-liberal", Contract = 1, Preference = 1)]
