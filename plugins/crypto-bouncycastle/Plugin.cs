[assembly: Cstp.Abstractions.CstpPlugin("crypto-bouncycastle", Contract = 1)]
