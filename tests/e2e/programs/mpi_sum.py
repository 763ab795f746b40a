"""Processes of MPI add up numbers: rank n brings 10^n."""

from mpi4py import MPI

everyone = MPI.COMM_WORLD
total = everyone.allreduce(10 ** everyone.rank)
print(f'rank {everyone.rank} of {everyone.size} on {MPI.Get_processor_name()}: sum {total}', flush=True)
