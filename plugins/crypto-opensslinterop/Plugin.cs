using Cstp.Abstractions;

[assembly: CstpPlugin("crypto-opensslinterop", Contract = 1, Preference = 10)]
