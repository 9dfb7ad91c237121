# A complete fan: follows a match through every cut, and proves that it has the right state.
# pip install websockets; TOKEN=… python3 fan.py http://127.0.0.1:7002 MATCH (no TOKEN: as nobody)
import asyncio, hashlib, json, os, random, sys, websockets
FATAL = {4400: "this client is wrong", 4401: "another TOKEN is needed", 4403: "not allowed"}
def apply(state, patch):  # JSON Merge Patch, RFC 7396
    if not isinstance(patch, dict):
        return patch
    state = dict(state) if isinstance(state, dict) else {}
    for key, value in patch.items():
        state.pop(key, None) if value is None else state.update({key: apply(state.get(key), value)})
    return state

def hash_of(state):  # RFC 8785, which is plain JSON over sorted keys for what a state may hold
    text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

def take(fan, message):  # raises ValueError: what we have is worth nothing
    if message["type"] == "snapshot":
        fan.update(epoch=message["epoch"], seq=message["seq"], state=message["state"])
    for event in message.get("events", []):
        if message["epoch"] != fan.setdefault("epoch", message["epoch"]) or event["seq"] != fan["seq"] + 1:
            raise ValueError(f"{message['epoch']}-{event['seq']} after {fan['epoch']}-{fan['seq']}")
        fan.update(seq=event["seq"], state=apply(fan["state"], event["patch"]))
    right = hash_of(fan["state"])
    if message.get("seq", fan["seq"]) == fan["seq"] and message.get("hash", right) != right:
        raise ValueError(f"the hash at {fan['seq']} is wrong")
    kind = f"{message['type']}:{message['reason']}" if "reason" in message else message["type"]
    print(f"{kind} {fan['seq']} {right} {json.dumps(fan['state'].get('strip', message))}\n", end="", flush=True)

async def connected(fan, url, match, token):  # until the server says after how many seconds to come again
    after = f"{fan['epoch']}-{fan['seq']}" if "epoch" in fan else ""
    url = f"{url.replace('http', 'ws', 1)}/v1/ws?match={match}&after={after}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with websockets.connect(url, additional_headers=headers, close_timeout=1) as socket:
        silence_s = 10  # who says nothing for longer is dead
        while True:
            message = json.loads(await asyncio.wait_for(socket.recv(), silence_s))
            silence_s = message.get("heartbeat_s", silence_s - 10) + 10
            if message["type"] == "goaway":
                return (message["reconnect_in_ms"] + random.random() * message["window_ms"]) / 1000
            take(fan, message)

async def follow(url, match, token):
    fan, attempt = {"seq": 0, "state": {}}, 0
    while True:
        seen, wait_s, why = fan["seq"], None, "goaway"
        try:
            wait_s = await connected(fan, url, match, token)
        except ValueError as error:  # without a cursor the next connection begins with a snapshot
            fan, why = {"seq": 0, "state": {}}, error
        except websockets.InvalidStatus as error:
            why = error if error.response.status_code in (429, 500, 502, 503, 504) else sys.exit(f"refused: {error}")
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
            code = getattr(getattr(error, "rcvd", None), "code", None)
            why = sys.exit(f"{error}: {FATAL[code]}") if code in FATAL else error
        attempt = 0 if fan["seq"] > seen else attempt + 1  # what brought something was no failure
        wait_s = random.random() * min(10, 0.25 * 2**attempt) if wait_s is None else wait_s
        print(f"again in {wait_s:.2f} s, after {fan['seq']}: {why}", flush=True)
        await asyncio.sleep(wait_s)
asyncio.run(follow(*sys.argv[1:3], os.environ.get("TOKEN")))
