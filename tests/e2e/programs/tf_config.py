"""What TensorFlow itself reads in TF_CONFIG, and whether processes find each other by it.

Prints the cluster and the task as TensorFlow has them. Where all tasks are chief or worker, each of them then
starts a server at its own address and they add numbers with MultiWorkerMirroredStrategy: task n of all in turn brings 10^n.
"""

import json
import os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'
import tensorflow as tf # reads that


def say(text):
    print(text, flush=True)


resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
cluster = resolver.cluster_spec()
say('cluster ' + json.dumps(cluster.as_dict(), sort_keys=True))
say(f'task {resolver.task_type} {resolver.task_id}, TensorFlow {tf.__version__}')

if set(cluster.jobs) <= {'chief', 'worker'} and resolver.task_type in cluster.jobs:
    strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    place = resolver.task_id + (cluster.num_tasks('chief') if resolver.task_type == 'worker' and 'chief' in cluster.jobs else 0)

    @tf.function
    def add():
        def one():
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(10.0 ** place))
        return strategy.run(one)

    say(f'{strategy.num_replicas_in_sync} replicas, sum {int(add().numpy())}')
