"""Every upper bound of the program, its unit in its name and its reason beside it."""

# The contract's cap on a request body (reference errors.md section 6).
BODY_BYTES_MAX = 512 * 1024

# A batch shares one commit. More commands would add latency, not throughput; more lines would
# hold row locks for longer than the work of others can bear (about 100 ms).
BATCH_COMMANDS_MAX = 512
BATCH_LINES_MAX = 5_000

# What may wait for a batch, per process: about two seconds of work. Beyond that the honest
# answer is 503.
QUEUE_COMMANDS_MAX = 4_096
QUEUE_BYTES_MAX = 64 * 1024 * 1024
# And no longer than this, by how long batches took lately: who waits longer has lost patience.
QUEUE_WAIT_S_MAX = 2.0

# The contract's clients give up after 10 s: whoever waited longer is no longer there.
PLACE_DEADLINE_S = 9.0

# The same for any call: who is not answered by then is told 503.
CALL_S_MAX = 10.0
# Requests being worked on, per process: more than placing can have waiting, far below what the
# memory holds.
REQUESTS_AT_ONCE_MAX = 8_192
# How often the log tells that a process is overloaded.
OVERLOAD_TOLD_S = 10.0

# Repetitions of one batch, by cause. Serialisation failures and lost races end quickly;
# an unknown outcome is worth the whole deadline.
BATCH_REPEATS_MAX = 8
# After a batch that found something short which was not known to be, so many are decided under
# locks: what they wrote ahead would be written in vain when that happens again. One in vain for so
# many costs a few percent.
WARY_BATCHES = 16
# What is known to be short, so that only those who ask for it go under locks: some 200 bytes each.
SHORT_REMEMBERED_MAX = 10_000
RELEASES_PER_BATCH_MAX = 3
# Beyond that a batch is halved, down to one command: 20,000 drafts on what it wants.
RELEASES_PER_COMMAND_MAX = 100
UNKNOWN_OUTCOME_S_MAX = 10.0

# A transaction that holds stock or slots may not hold them for longer than a batch would.
RELEASED_ORDERS_PER_TRANSACTION_MAX = 200

# The same for orders that are moved: they write more of each.
MOVED_ORDERS_PER_TRANSACTION_MAX = 100

# Erasing recipients is seldom; a longer list is several commands.
ERASED_ORDERS_PER_TRANSACTION_MAX = 1_000

# Drafts end one hour after creation (contract: createOrder).
DRAFT_LIFE_S = 3600

# Offers whose weight and sides a process remembers: about 200 bytes each.
GOODS_REMEMBERED_MAX = 100_000

# A first answer is repeated for a day.
IDEMPOTENCY_KEY_LIFE_S = 24 * 3600
IDEMPOTENCY_KEY_CHARS_MAX = 255

# A revoked key stops within 5 s everywhere; what is cached is asked again before that.
ACCOUNT_CACHE_S = 4.0
ACCOUNT_CACHE_ENTRIES_MAX = 50_000
# Questions about callers in flight at once, per process: made-up keys cost no more than this.
ACCOUNT_LOOKUPS_MAX = 4
# Questions about callers that were found before: they do not wait behind made-up ones.
KNOWN_ACCOUNT_LOOKUPS_MAX = 2
# Tokens whose reading is remembered, per process; a token says nothing about being valid.
PARSED_TOKENS_MAX = 4_096
# Paths whose operation is remembered, and how long one may be: at most a megabyte of them.
PATHS_REMEMBERED_MAX = 4_096
PATH_REMEMBERED_CHARS_MAX = 128

# Connections to PostgreSQL per process: placing has two of its own (one batch in flight and one
# for commands that wait for a lock), reads and changes share the rest.
PLACING_CONNECTIONS_MAX = 2
POOL_CONNECTIONS_MAX = 10
POOL_ACQUIRE_S_MAX = 5.0
# Who would be the hundredth in front of each connection will not get one in time.
POOL_WAITING_MAX = 1_000
# A transaction takes milliseconds: whoever holds a row for longer is not about to give it back.
LOCK_WAIT_MS_MAX = 200
STATEMENT_S_MAX = 8.0
# How long the server waits for the next statement of a transaction. A machine that lost its power
# or its network says no goodbye, and TCP takes two hours to miss it, with all its rows locked.
SILENCE_MS_MAX = 5_000

# How often overdue work is looked for. Reads and decisions do not depend on it.
WORK_PERIOD_S = 1.0

# The contract's bound on keys of one business (reference errors.md section 9).
LIVE_KEYS_PER_BUSINESS_MAX = 30
# One for each person and scanner of the operator's; more is somebody who lost count.
LIVE_OPERATOR_KEYS_MAX = 5_000

# A cart: so many totes, so many pieces. A scan locks the orders of its list, for a moment each.
PICK_LIST_ORDERS_MAX = 20
PICK_LIST_PIECES_MAX = 500
# Waiting orders among which those of a list are chosen; and attempts when others were quicker.
PICK_CANDIDATES_MAX = 200
PICK_LIST_ATTEMPTS_MAX = 5
QUEUE_ORDERS_PER_PAGE_MAX = 200
# A van's load. An act of so many lines is drawn in about a second.
HANDOVER_PARCELS_MAX = 1_000
HANDOVERS_CLOSED_AT_ONCE_MAX = 200
# Closing takes a second or two: what has not come to its end by then, nobody is working on.
HANDOVER_CLOSING_S_MAX = 60
# Wrong receive codes of an order that a carrier may try: of a million, nobody guesses one.
RECEIVE_CODE_TRIES_MAX = 10
# A carrier's report of an hour; each event is a move of an order.
IMPORTED_EVENTS_MAX = 500

CAMPAIGNS_PER_PAGE_MAX = 100

# Files of offers and stock are loaded this many rows at a time: a chunk holds its row locks
# well below 100 ms.
LOADED_ROWS_PER_STATEMENT_MAX = 1_000
# What a file may hold: it is checked as a whole, in memory, before anything changes.
LOADED_FILE_ROWS_MAX = 1_000_000
LOADED_FILE_BYTES_MAX = 256 * 1024 * 1024
# Problems of a network's files that are kept whole: nobody mends more before trying again.
NETWORK_PROBLEMS_KEPT_MAX = 1_000
# Pieces of one offer in one pile: far from the columns' end, beyond any warehouse.
STOCK_PIECES_MAX = 1_000_000_000

# Rounds of releasing overdue drafts before one correction: 20,000 drafts on one offer.
RELEASES_PER_CORRECTION_MAX = 100

# Orders named in a refusal, per stock row: enough to act on, and the total is told.
HOLDERS_NAMED_MAX = 20

# What comes before a body, all together: proxies allow 8 to 64 KB. Half a head is not waited for.
HEAD_BYTES_MAX = 64 * 1024
HEAD_READ_S_MAX = 30.0
# A body of 512 KB takes seconds on the slowest line; who takes longer only holds a connection.
BODY_READ_S_MAX = 30.0
# Requests that a client sends ahead on one connection; each takes some 3 KB until its turn comes.
PIPELINED_REQUESTS_MAX = 256
# The contract's longest list is 50 ids; a hundred times that is nobody's question.
QUERY_PARAMETERS_MAX = 1_000

# Removing stored answers is nobody's hurry; small transactions disturb nobody.
FORGOTTEN_ANSWERS_PER_TRANSACTION_MAX = 1_000
FORGOTTEN_OPERATIONS_PER_TRANSACTION_MAX = 1_000
# Who asks later what became of an operation reads the order.
OPERATION_LIFE_DAYS = 30
# Whoever balances load asks every few seconds, and takes no answer for an answer.
READINESS_S_MAX = 2.0

# The audit's statements end within some ten milliseconds, so no snapshot of its is long held.
AUDIT_ROWS_PER_STATEMENT_MAX = 1_000
AUDIT_STOCK_PER_STATEMENT_MAX = 200
# But one: slots that looked odd are counted over all orders at once, so few times.
AUDIT_SLOTS_PER_STATEMENT_MAX = 5_000
AUDIT_STATEMENT_S_MAX = 120.0
AUDIT_FINDINGS_MAX = 10_000

# A piece of a network is decoded within some two milliseconds, which placing does not feel; it
# is written in transactions well below a second.
NETWORK_ROWS_PER_READ_MAX = 500
NETWORK_ROWS_PER_WRITE_MAX = 5_000
# A loader tells with each piece it writes that it lives; after that long it is dead.
NETWORK_LOADER_SILENT_S_MAX = 30
# How long a loader waits for processes to read a network before it is put in force all the same.
NETWORK_READERS_WAIT_S_MAX = 120.0
# Processes look for a network once in a while and say what they have; who is silent for so long
# is dead, and nobody waits for him.
NETWORK_LOOK_S = 1.0
NETWORK_READER_SAYS_S = 4.0
NETWORK_READER_SILENT_S_MAX = 15
# Reading takes seconds; what was in force until then may be in the middle of being read.
NETWORK_RETIRED_LIFE_S = 60

# Request limits are borrowed from the database in blocks: of the contract's largest budget of
# orders a tenth at most, and by then one commit is shared by that many requests.
LEASE_BLOCK_MAX = 1_000
# Of large budgets a process may hold more: this part of them, one thousandth.
LEASE_PART_MAX = 1_000
# Questions about limits that share a transaction: it ends within some ten milliseconds.
LEASES_PER_TRANSACTION_MAX = 500
# Operations of campaigns whose limits a process has at hand: about 500 bytes each.
PASSAGES_REMEMBERED_MAX = 50_000
# What has been borrowed and lies unused for so long is given back to the other processes.
LEASE_IDLE_S = 2.0
# A budget that was found empty is not asked for again at once: others may give something back,
# but whoever hammers at a limit must not reach the database with each request.
EXHAUSTED_BELIEVED_S = 0.5
# A process that was killed holds its places for parallel requests no longer than that.
PARALLEL_HOLD_LIFE_S = 15.0
# Each process confirms what it holds well before, also when a confirmation is late.
PARALLEL_HOLD_RENEWED_S = 4.0
# How often a process looks whether another one wants the places that it holds and does not use.
PARALLEL_LOOK_S = 0.1
# A wish for places is answered by then, or its process is dead and the request is refused.
PARALLEL_WAIT_S_MAX = 0.5
PARALLEL_ASK_AGAIN_S = 0.03
# Where processes want each other's places they keep none for later, until it has been quiet.
PARALLEL_CONTENDED_S = 5.0
# Notifications of one subscription are sent over so many lanes, each of which one process works
# at a time. Part of what is stored: a lane never changes for what waits in it.
DELIVERY_LANES = 8
# Requests under way in a lane; with all lanes that is what one receiver has to bear.
DELIVERIES_AT_ONCE_PER_LANE_MAX = 4
# A tenth of a second's work, read in one statement and written in a few.
DELIVERIES_PER_BATCH_MAX = 400
# Lanes a process works at once: 512 requests under way, whoever is slow.
DELIVERY_LANES_PER_PROCESS_MAX = 128
# A lane is given back so often, so that others get their turn.
DELIVERY_LANE_WORK_S = 2.0
# Longer than a lane's work and the last attempt in it; then whoever held it is dead.
DELIVERY_LANE_LEASE_S = 30.0
# How long a look for work waits for lanes to end before it looks for more.
DELIVERY_LOOK_S = 0.05
# The contract's time-outs (reference notifications.md).
NOTIFICATION_S_MAX = 10.0
PING_S_MAX = 1.0
# PINGs under way in a process: 32 receivers that do not answer take a second.
PINGS_AT_ONCE_MAX = 32
# A valid answer has three short fields.
NOTIFICATION_ANSWER_BYTES_MAX = 64 * 1024
# Below the time after which common servers close a connection that is not used.
OUTBOUND_KEEP_ALIVE_S = 1.5
# What a receiver may be: more than any shop has, and each costs a row for every event.
SUBSCRIPTIONS_PER_BUSINESS_MAX = 50
SUBSCRIPTION_URL_CHARS_MAX = 2_000
# Orders one call may send the notifications of anew, and lines of the log it may go back.
REDELIVERED_MAX = 1_000
DELIVERY_LOG_LINES_MAX = 1_000
# The log of attempts goes back so far; it is removed in small transactions.
DELIVERY_LOG_LIFE_S = 30 * 24 * 3600
FORGOTTEN_ATTEMPTS_PER_TRANSACTION_MAX = 1_000
DROPPED_DELIVERIES_PER_TRANSACTION_MAX = 1_000

# When a key was last used is written once a minute and process: nobody needs to know sooner.
KEY_USE_WRITTEN_S = 60.0
# How often a process looks what is to be written: a first use is visible by then.
KEY_USES_LOOK_S = 3.0
KEY_USES_WAITING_MAX = 50_000
KEY_USES_PER_TRANSACTION_MAX = 1_000

# Bad keys from one address: so many are answered at once, and one more every so often.
BAD_KEYS_FREE = 10
BAD_KEY_FORGIVEN_S = 6.0
# Beyond that refusals go out one after another, this far apart, none later than that.
BAD_KEY_STEP_S = 0.1
BAD_KEY_WAIT_S_MAX = 3.0
# Addresses that are remembered, about 200 bytes each; refusals that wait, per process: a small
# part of the requests it can have at once.
BAD_KEY_ADDRESSES_MAX = 10_000
BAD_KEYS_WAITING_MAX = 512
# Moving a sandbox's clock. Moments closer together than a second are taken together: so a jump
# over an hour full of orders takes thousands of steps, not millions.
CLOCK_STEP_S = 1.0
# What follows from what was due happens within moments; what is due later comes from others.
CLOCK_SETTLE_S = 1.0
# How long it is waited for what other processes are in the middle of: longer than their leases.
CLOCK_STILL_S_MAX = 60.0
# How long a move may take: beyond that the caller is told how far it went.
CLOCK_MOVE_S_MAX = 600.0
# A caller who moves it waits a little longer than that, to be told.
CLOCK_ANSWER_S_MAX = 630.0
# Ten years: further than anything is planned.
CLOCK_ADVANCE_S_MAX = 10 * 366 * 24 * 3600
