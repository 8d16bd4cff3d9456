"""WebHDFS over the S3 API: how Spark reads and writes ``s3://`` without a Hadoop connector for S3 on its class path."""

from local_cloud.webhdfs.server import Gateway
from local_cloud.webhdfs.spark import spark_settings

__all__ = ["Gateway", "spark_settings"]
