"""Three processes learn to read handwritten digits with DistributedDataParallel over gloo. `torchrun ddp.py`

Rank 0 writes a checkpoint after each epoch into the folder KITAE_CHECKPOINT_DIR, and every process goes on from it when there
is one. Nothing is left to chance: a run that was interrupted ends with the very weights of one that was not.

DIGITS: digits.csv. EPOCHS, PAUSE_SECONDS (after each). The process's id is in /tmp/trainer.pid.
"""

import csv
import hashlib
import os
import time

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

BATCH = 32 # of each process

torch.manual_seed(7)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def say(text):
    print(text, flush=True)


def digits():
    with open(os.environ['DIGITS'], encoding='ascii') as file:
        rows = torch.tensor([[float(cell) for cell in row[:65]] for row in csv.reader(file)])
    return rows[:, :64] / 16, rows[:, 64].long()


def save(path, state):
    with open(path + '.new', 'wb') as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + '.new', path)


def checksum(model):
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:16]


def main():
    with open('/tmp/trainer.pid', 'w', encoding='ascii') as file:
        file.write(str(os.getpid()))
    dist.init_process_group('gloo')
    rank, world = dist.get_rank(), dist.get_world_size()
    say(f'rank {rank} of {world}, attempt {os.environ["KITAE_ATTEMPT"]}')

    pixels, labels = digits()
    network = torch.nn.Sequential(torch.nn.Linear(64, 48), torch.nn.Tanh(), torch.nn.Linear(48, 10))
    # Else gradients travel in other portions from the second step on, and the order of additions would tell a resumed run.
    model = DistributedDataParallel(network, find_unused_parameters=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)

    path = os.path.join(os.environ['KITAE_CHECKPOINT_DIR'], 'digits.pt')
    first = 1
    if os.path.exists(path):
        state = torch.load(path)
        network.load_state_dict(state['network'])
        optimizer.load_state_dict(state['optimizer'])
        first = state['epoch'] + 1
        say(f'resumed after epoch {state["epoch"]}')
    dist.barrier() # all have looked before there is a newer one

    epochs = int(os.environ['EPOCHS'])
    for epoch in range(first, epochs + 1):
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(epoch))
        total = torch.zeros(1)
        for begin in range(0, len(order) - world * BATCH + 1, world * BATCH):
            mine = order[begin + rank * BATCH:begin + (rank + 1) * BATCH]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(pixels[mine]), labels[mine])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        dist.all_reduce(total)
        if rank == 0:
            save(path, {'epoch': epoch, 'network': network.state_dict(), 'optimizer': optimizer.state_dict()})
        say(f'epoch {epoch}/{epochs} loss {total.item():.12f}')
        time.sleep(float(os.environ.get('PAUSE_SECONDS', 0)))
    say(f'final loss {total.item():.12f} weights {checksum(network)}')


main()
