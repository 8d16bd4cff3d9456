"""The Spark settings that send ``s3://`` and ``s3a://`` through the gateway; knows nothing of how it answers.

Hadoop's ViewFileSystemOverloadScheme takes over a scheme and looks up the authority, here the bucket, in a mount table
(https://hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-hdfs/ViewFsOverloadScheme.html).
"""

from collections.abc import Iterable
from typing import Final

_VIEW: Final = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
_CLIENT: Final = "org.apache.hadoop.hdfs.web.WebHdfsFileSystem"
_SCHEMES: Final = ("s3", "s3a")


def spark_settings(buckets: Iterable[str], *, port: int) -> dict[str, str]:
    """Return what a Spark run needs to reach these buckets; a bucket that is not named here is unknown to it."""
    return {
        **{f"spark.hadoop.fs.{scheme}.impl": _VIEW for scheme in _SCHEMES},
        "spark.hadoop.fs.viewfs.overload.scheme.target.webhdfs.impl": _CLIENT,
        # A directory of many objects is renamed by one request that copies them all.
        "spark.hadoop.dfs.webhdfs.socket.read-timeout": "600s",
        # Objects are equally near to all: asking where their blocks lie costs one request each.
        "spark.sql.sources.ignoreDataLocality": "true",
        **{
            f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback": f"webhdfs://127.0.0.1:{port}/{bucket}"
            for bucket in buckets
        },
    }
