from test_gas import *
import collections
def test_prof(world, street):
    for size in (100,):
        tx = world.post(nets(street[:size]), day=world.today, zone=keccak(text="gas"))
        r = web3.provider.make_request("debug_traceTransaction",[tx.txid,{"disableStorage":True,"disableMemory":True,"disableStack":True}])["result"]
        by=collections.Counter(); n=collections.Counter(); dep=collections.Counter()
        print("PROF",{k:(v if not isinstance(v,list) else (len(v),v[:2])) for k,v in r.items()}) if 1 else 0
        for l in r["structLogs"]:
            if l["op"] in("CALL","STATICCALL","DELEGATECALL"): continue
            by[(l["depth"],l["op"])]+=l["gasCost"]; n[(l["depth"],l["op"])]+=1; dep[l["depth"]]+=l["gasCost"]
        print("PROF",tx.gas_used, dep)
        for k,v in by.most_common(40): print("PROF",k,v,n[k])
