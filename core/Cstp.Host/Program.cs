Console.WriteLine("cstp");
