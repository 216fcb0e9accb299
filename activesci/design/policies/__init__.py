"""Policies: the next design as a function of the measurements so far, trained before the first of them.

    taught.py     a policy with what it was trained on and what it is worth
    twin.py       what stands for the surrogate in the training: cheap for many pairs, gradients everywhere
    training.py   the total information of a campaign, climbed along its gradient
    network.py    the policy at work, without torch
    worth.py      the total information of campaigns by policy, greedy choice and chance

What is trained needs torch: `taught` is imported by those who train or restore, and by nobody at the start.
"""
