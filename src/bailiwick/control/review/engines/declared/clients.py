"""Libraries that open connections: which argument names the host, and which services they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """A callable that connects: where its host stands, and the port when it says none."""

    port: int
    place: int = 0
    keywords: tuple[str, ...] = ("host",)
    database: bool = False


CLIENTS: Mapping[str, Client] = {
    "socket.create_connection": Client(0, keywords=("address",)),
    "socket.getaddrinfo": Client(0),
    "socket.gethostbyname": Client(0, keywords=("hostname",)),
    "asyncio.open_connection": Client(0),
    "anyio.connect_tcp": Client(0, keywords=("remote_host",)),
    "smtplib.SMTP": Client(25),
    "smtplib.SMTP_SSL": Client(465),
    "aiosmtplib.send": Client(25, place=9, keywords=("hostname",)),
    "imaplib.IMAP4": Client(143),
    "imaplib.IMAP4_SSL": Client(993),
    "poplib.POP3": Client(110),
    "poplib.POP3_SSL": Client(995),
    "ftplib.FTP": Client(21),
    "ftplib.FTP_TLS": Client(21),
    "telnetlib.Telnet": Client(23),
    "http.client.HTTPConnection": Client(80),
    "http.client.HTTPSConnection": Client(443),
    "xmlrpc.client.ServerProxy": Client(80, keywords=("uri",)),
    "paramiko.Transport": Client(22, keywords=("sock",)),
    "ldap3.Server": Client(389),
    "pika.ConnectionParameters": Client(5672),
    "kafka.KafkaProducer": Client(9092, place=99, keywords=("bootstrap_servers",)),
    "kafka.KafkaConsumer": Client(9092, place=99, keywords=("bootstrap_servers",)),
    "grpc.insecure_channel": Client(443, keywords=("target",)),
    "grpc.secure_channel": Client(443, keywords=("target",)),
    "redis.Redis": Client(6379, database=True),
    "redis.StrictRedis": Client(6379, database=True),
    "redis.asyncio.Redis": Client(6379, database=True),
    "pymongo.MongoClient": Client(27017, database=True),
    "motor.motor_asyncio.AsyncIOMotorClient": Client(27017, database=True),
    "psycopg.connect": Client(5432, place=99, keywords=("host", "hostaddr"), database=True),
    "psycopg2.connect": Client(5432, place=99, keywords=("host", "hostaddr"), database=True),
    "asyncpg.connect": Client(5432, place=99, database=True),
    "asyncpg.create_pool": Client(5432, place=99, database=True),
    "pymysql.connect": Client(3306, database=True),
    "MySQLdb.connect": Client(3306, database=True),
    "mysql.connector.connect": Client(3306, place=99, database=True),
    "aiomysql.connect": Client(3306, database=True),
    "pymssql.connect": Client(1433, keywords=("server", "host"), database=True),
    "oracledb.connect": Client(1521, place=99, database=True),
    "clickhouse_connect.get_client": Client(8123, place=99, database=True),
    "elasticsearch.Elasticsearch": Client(9200, keywords=("hosts",), database=True),
    "cassandra.cluster.Cluster": Client(9042, keywords=("contact_points",), database=True),
    "snowflake.connector.connect": Client(443, place=99, database=True),
}
# Clients of services that have one address, which the code need not say.
SERVICES: Mapping[str, str] = {
    "stripe": "api.stripe.com",
    "twilio": "api.twilio.com",
    "sendgrid": "api.sendgrid.com",
    "slack_sdk": "slack.com",
    "slack_bolt": "slack.com",
    "github": "api.github.com",
    "notion_client": "api.notion.com",
    "telegram": "api.telegram.org",
    "discord": "discord.com",
    "hubspot": "api.hubapi.com",
    "dropbox": "api.dropboxapi.com",
    "mailchimp_marketing": "api.mailchimp.com",
    "yfinance": "query1.finance.yahoo.com",
    "wikipedia": "en.wikipedia.org",
    "tweepy": "api.twitter.com",
    "huggingface_hub": "huggingface.co",
    "pypdl": "pypi.org",
}
# Modules whose classes talk to models.
MODELS = frozenset({
    "openai", "anthropic", "litellm", "cohere", "mistralai", "groq", "together", "replicate", "ollama",
    "google.generativeai", "google.genai", "vertexai", "langchain_openai", "langchain_anthropic",
    "langchain_google_genai", "langchain_community.llms", "langchain_community.chat_models", "langchain_mistralai",
    "langchain_groq", "langchain_ollama", "llama_index.llms", "pydantic_ai", "instructor", "dspy",
    "semantic_kernel", "haystack.components.generators", "crewai", "autogen", "smolagents", "agents", "ai21",
    "voyageai", "huggingface_hub.InferenceClient", "llama_cpp",
})  # fmt: skip
MODEL_VARIABLES = frozenset({"OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"})
MODEL_HOSTS = frozenset({
    "api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "api.mistral.ai", "api.cohere.com",
    "api.cohere.ai", "api.groq.com", "api.together.xyz", "openrouter.ai", "api.deepseek.com", "api.x.ai",
    "api.replicate.com", "api-inference.huggingface.co", "api.perplexity.ai", "api.fireworks.ai",
})  # fmt: skip
# Packages for JavaScript that talk to models.
MODEL_PACKAGES = frozenset({"openai", "@anthropic-ai/sdk", "@google/generative-ai", "cohere-ai", "@mistralai/mistralai",
                            "groq-sdk", "@langchain/openai", "@langchain/anthropic", "@ai-sdk/openai",
                            "@ai-sdk/anthropic", "ollama"})  # fmt: skip
