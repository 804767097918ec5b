"""The usual way to write createOrder: FastAPI, SQLAlchemy, one transaction for each request.

What Entrepot is measured against. Written as a competent developer would: asynchronous
throughout, connections pooled, rows locked in one order, everything that can be wrong checked,
committed before the answer. Nothing is held back to make it slow, and nothing is done that such
a service would not do, such as merging the transactions of several requests.
"""
