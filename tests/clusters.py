"""Dask clusters of this machine, which talk to it alone."""


def local_cluster(n_workers, threads_per_worker=1, in_processes=False):
    """Return a cluster that runs until its ``with`` ends, without a dashboard.

    Workers are in this process, so that a test can reach into their work, or have one each.
    """
    from distributed import LocalCluster

    where = {"memory_limit": 0} if in_processes else {"processes": False, "protocol": "tcp"}
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=threads_per_worker,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of what else it serves
        **where,
    )
