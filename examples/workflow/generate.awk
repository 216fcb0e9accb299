# 100 flight distances of a particle: exponential with mean `lifetime`, from the seed; one a line.
BEGIN {
    srand(seed)
    for (i = 0; i < 100; i++)
        print -lifetime * log(1 - rand()) > output
}
