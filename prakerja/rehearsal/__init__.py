"""A synthetic province that takes a wave through every step: for rehearsals and for the sample of `make up`.

Nobody in it exists: every NIK carries the district code 99, which no district of Indonesia has.
"""
