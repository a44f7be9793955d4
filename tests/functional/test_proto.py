import time, json, os
from functional_support import *
def test_it(world):
    t=time.time(); env=world.conflict("colours", "lamp"); print("venv", time.time()-t)
    rows=[]
    def go(*a):
        t=time.time(); o=world.tfrepair(*a); rows.append((a, time.time()-t, o)); return o
    go("diagnose","--env",env,"--json")
    go("diagnose","--env",env)
    go("fix","--env",env,"--dry-run","--json")
    go("fix","--env",env,"--yes")
    go("fix","--env",env,"--yes")
    go("rollback","--env",env,"--yes")
    go("runs","list")
    with open("/tmp/proto.txt","w") as f:
        for a,s,o in rows: print(a, s, o, file=f)
