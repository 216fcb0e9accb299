# Counts behind an absorbing slab: Poisson with mean strength * seconds * exp(-absorption * thickness).
#
# Called as awk -v absorption=... -v strength=... -v thickness=... -v seconds=... -v seed=... -f simulate.awk;
# writes a line of names and a line of values into counts.csv, in the folder where it is started.

function normal() {                              # one standard normal number, by Box and Muller
    return sqrt(-2 * log(1 - rand())) * cos(8 * atan2(1, 1) * rand())
}

BEGIN {
    srand(seed)                                  # all randomness comes from the seed: the run can be repeated
    mean = strength * seconds * exp(-absorption * thickness)
    if (mean < 500)                              # Poisson: how many exponential waits fit
        for (limit = mean; (limit += log(1 - rand())) > 0; ) counts++
    else                                         # where nobody could tell it from a normal number
        counts = int(mean + sqrt(mean) * normal() + 0.5)
    print "counts" > "counts.csv"
    print counts + 0 > "counts.csv"
}
