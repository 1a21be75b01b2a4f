"""Does a constraint on the output's form cost accuracy, or gain it?"""
