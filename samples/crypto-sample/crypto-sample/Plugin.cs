[assembly: Cstp.Abstractions.CstpPlugin("crypto-sample", Contract = 1)]
