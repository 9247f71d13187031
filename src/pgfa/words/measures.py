"""What a body measurably does (interface; the computation of the experiment, to be replaced file by file)."""
# ruff: noqa
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

J={n:i for i,n in enumerate(['pelvis','spine','chest','head','shoulder_left','elbow_left','wrist_left','hand_left','shoulder_right','elbow_right','wrist_right','hand_right','hip_left','knee_left','ankle_left','foot_left','hip_right','knee_right','ankle_right','foot_right'])}
def smooth(x: Any, k: int = 3) -> Any:
    """Mean over k frames."""
    pad=np.concatenate([x[:,:1]]*(k//2)+[x]+[x[:,-1:]]*(k//2),1)
    c=np.cumsum(np.concatenate([np.zeros_like(pad[:,:1]),pad],1),1)
    return (c[:,k:]-c[:,:-k])/k
def norm(v: Any) -> Any:
    """Length."""
    return np.sqrt((v*v).sum(-1))
def q(x: Any, p: float) -> Any:
    """Quantile over frames."""
    return np.quantile(x,p,axis=1)
def _prototype(P: Any, meas: Any, act: Any) -> tuple[list[str], Any]:
    """P (N,50,20,3) main body, standard metres; meas (N,20); act (N,) seconds. -> names, (N,F) NaN unmeasured"""
    N,T=P.shape[:2]; P=smooth(P.astype('f4'),3); dt=(act/T)[:,None].clip(0.005)
    out={}
    g=lambda n:P[:,:,J[n]]
    pel,chest=g('pelvis'),g('chest')
    hipl,hipr,shl,shr=g('hip_left'),g('hip_right'),g('shoulder_left'),g('shoulder_right')
    across=(shr-shl)+(hipr-hipl); across=across*np.array([1,0,1],'f4'); ln=norm(across)[...,None]; right=across/np.maximum(ln,1e-3)
    # forward: right=(1,0,0) -> forward=(0,0,-1):  f=(rz, 0, -rx)
    fwd=np.stack([right[...,2],np.zeros_like(ln[...,0]),-right[...,0]],-1)
    def local(v): # (N,T,3) world vector -> right, up, forward
        return np.stack([(v*right).sum(-1),v[...,1],(v*fwd).sum(-1)],-1)
    # heading
    ang=np.unwrap(np.arctan2(right[...,2],right[...,0]),axis=1)  # increasing angle: ?
    out['turn_net']=ang[:,-1]-ang[:,0]; out['turn_abs']=np.abs(np.diff(ang,axis=1)).sum(1); out['turn_range']=ang.max(1)-ang.min(1)
    out['turn_net_abs']=np.abs(out['turn_net'])
    # floor: low quantile of ankles
    ank=np.stack([g('ankle_left'),g('ankle_right')],2)
    floor=np.quantile(ank[...,1].min(2),0.1,axis=1)
    leg=0.81
    h=pel[...,1]-floor[:,None]   # pelvis height above ankles
    out['pelvis_h_med']=np.median(h,1); out['pelvis_h_min']=q(h,.03); out['pelvis_h_max']=q(h,.97); out['pelvis_h_start']=h[:,:5].mean(1); out['pelvis_h_end']=h[:,-5:].mean(1)
    out['pelvis_h_net']=out['pelvis_h_end']-out['pelvis_h_start']; out['pelvis_h_range']=out['pelvis_h_max']-out['pelvis_h_min']
    vy=np.diff(pel[...,1],axis=1)/dt; out['pelvis_up_speed']=q(vy,.97); out['pelvis_down_speed']=-q(vy,.03)
    # both feet off floor
    both=ank[...,1].min(2)-floor[:,None]; out['feet_off']=q(both,.95); out['feet_off_share']=(both>0.12).mean(1)
    # travel
    hor=pel*np.array([1,0,1],'f4'); hs=smooth(hor,7); step=np.diff(hs,axis=1); sp=norm(step)/dt
    out['travel_path']=norm(step).sum(1); out['travel_net']=norm(hs[:,-1]-hs[:,0]); out['travel_speed']=out['travel_path']/act.clip(.1); out['travel_speed_max']=q(sp,.9)
    out['travel_radius']=norm(hs-hs.mean(1,keepdims=True)).max(1)
    lstep=local(np.concatenate([step,step[:,-1:]],1)); 
    out['travel_fwd']=lstep[...,2].sum(1); out['travel_right']=lstep[...,0].sum(1); out['travel_side_abs']=np.abs(lstep[...,0]).sum(1); out['travel_fwd_speed']=lstep[...,2].sum(1)/act.clip(.1)
    # trunk
    tr=chest-pel; tl=norm(tr).clip(1e-3); inc=np.arccos((tr[...,1]/tl).clip(-1,1)); lt=local(tr)
    out['trunk_inc_med']=np.median(inc,1); out['trunk_inc_max']=q(inc,.95); out['trunk_inc_start']=inc[:,:5].mean(1); out['trunk_inc_end']=inc[:,-5:].mean(1); out['trunk_inc_range']=q(inc,.95)-q(inc,.05)
    fl=np.arctan2(lt[...,2],lt[...,1].clip(0.02)); sl=np.arctan2(lt[...,0],lt[...,1].clip(0.02))
    out['lean_fwd_max']=q(fl,.95); out['lean_back_max']=-q(fl,.05); out['lean_right_max']=q(sl,.95); out['lean_left_max']=-q(sl,.05)
    out['trunk_rev']=revs(fl,.12)
    # twist of shoulders over hips
    a1=np.arctan2((shr-shl)[...,2],(shr-shl)[...,0]); a2=np.arctan2((hipr-hipl)[...,2],(hipr-hipl)[...,0]); tw=np.angle(np.exp(1j*(a1-a2)))
    out['twist_range']=q(tw,.95)-q(tw,.05)
    # head
    hd=g('head')-chest; lh=local(hd); out['head_fwd_range']=q(lh[...,2],.95)-q(lh[...,2],.05); out['head_side_range']=q(lh[...,0],.95)-q(lh[...,0],.05); out['head_fwd_max']=q(lh[...,2],.95); out['head_rev']=revs(lh[...,2],.03)+revs(lh[...,0],.03)
    headpos=np.where(np.isfinite(hd),g('head'),chest+np.array([0,.25,0],'f4'))
    sides={}
    for s in ('left','right'):
        sgn=1 if s=='right' else -1
        hand=g('hand_'+s); has=meas[:,J['hand_'+s]]; hand=np.where(has[:,None,None],hand,g('wrist_'+s)); wr=g('wrist_'+s); el=g('elbow_'+s); sh=g('shoulder_'+s); knee=g('knee_'+s); hip=g('hip_'+s); an=g('ankle_'+s)
        r=local(hand-sh); r[...,0]*=sgn  # outward positive
        d=np.diff(r,axis=1); v=norm(d)/dt
        o={}
        o['path']=norm(d).sum(1); o['speed']=o['path']/act.clip(.1); o['peak']=q(v,.95); o['std']=np.sqrt(r.var(1).sum(-1))
        for i,a in enumerate(('out','up','fwd')):
            lo,hi=q(r[...,i],.04),q(r[...,i],.96); o[a+'_range']=hi-lo; o[a+'_max']=hi; o[a+'_min']=lo; o[a+'_net']=r[:,-5:,i].mean(1)-r[:,:5,i].mean(1); o[a+'_rev']=revs(r[...,i],.10); o[a+'_med']=np.median(r[...,i],1); o[a+'_share']=r[...,i].var(1)/(r.var(1).sum(-1)+1e-4)
            vv=np.diff(r[...,i],axis=1)/dt; o[a+'_vmax']=q(vv,.96); o[a+'_vmin']=-q(vv,.04)
        ext=norm(r)/0.5; o['ext_max']=q(ext,.95); o['ext_med']=np.median(ext,1); o['ext_range']=q(ext,.95)-q(ext,.05)
        hh=hand[...,1]-headpos[...,1]; o['over_head']=q(hh,.9); o['over_head_share']=(hh>0.0).mean(1); o['over_shoulder_share']=(r[...,1]>0).mean(1); o['below_waist_share']=(hand[...,1]<pel[...,1]).mean(1)
        o['low']=q(hand[...,1]-floor[:,None],.05)
        for nm,pt in (('head',headpos),('chest',chest),('hip',hip),('knee',knee),('ankle',an),('othershoulder',g('shoulder_'+('left' if s=='right' else 'right')))):
            dd=norm(hand-pt); o['to_'+nm+'_min']=q(dd,.05); o['to_'+nm+'_med']=np.median(dd,1)
        # circles: signed area rates in the three planes
        c=r-r.mean(1,keepdims=True)
        for i,j,nm in ((0,1,'front'),(1,2,'side'),(0,2,'level')):
            ar=(c[:,:-1,i]*c[:,1:,j]-c[:,1:,i]*c[:,:-1,j]).sum(1)/2; th=np.arctan2(c[...,j],c[...,i]); w=np.unwrap(th,axis=1); o['area_'+nm]=ar*(sgn if i==0 else 1); o['wind_'+nm]=np.abs(w[:,-1]-w[:,0])*(np.abs(ar)>0.005); o['circ_'+nm]=np.abs(ar)/(o['path']**2/12.6+0.02)
        # elbow angle
        a=sh-el; b=wr-el; ea=np.arccos(((a*b).sum(-1)/(norm(a)*norm(b)).clip(1e-4)).clip(-1,1)); o['elbow_min']=q(ea,.05); o['elbow_max']=q(ea,.95); o['elbow_med']=np.median(ea,1); o['elbow_range']=o['elbow_max']-o['elbow_min']
        # foot
        f=local(an-pel); f[...,0]*=sgn; df=np.diff(f,axis=1); o['foot_speed']=norm(df).sum(1)/act.clip(.1); o['foot_peak']=q(norm(df)/dt,.95); fh=an[...,1]-floor[:,None]; o['foot_h']=q(fh,.95); o['foot_h_med']=np.median(fh,1); o['foot_fwd']=q(f[...,2],.95); o['foot_back']=-q(f[...,2],.05); o['foot_out']=q(f[...,0],.95); o['foot_in']=-q(f[...,0],.05); o['foot_std']=np.sqrt(f.var(1).sum(-1)); o['foot_rev']=revs(f[...,2],.1)+0*fh[:,0]; o['footh_rev']=revs(fh,.08)
        wf=an*np.array([1,0,1],'f4'); o['foot_moved']=norm(wf-np.median(wf,1,keepdims=True)).max(1)
        o['foot_slide']=norm(np.diff(an,axis=1)).sum(1)/act.clip(.1)
        kh=knee[...,1]-hip[...,1]; o['knee_h']=q(kh,.95); a=hip-knee; b=an-knee; ka=np.arccos(((a*b).sum(-1)/(norm(a)*norm(b)).clip(1e-4)).clip(-1,1)); o['knee_min']=q(ka,.05); o['knee_med']=np.median(ka,1); o['knee_range']=q(ka,.95)-q(ka,.05); o['knee_low']=np.median(knee[...,1],1)-floor
        fo=knee-hip; o['thigh_fwd']=q(local(fo)[...,2],.95); o['thigh_med']=np.median(-fo[...,1],1)/.44
        sides[s]=o; 
        sides[s+'_hand']=hand; sides[s+'_r']=r; sides[s+'_f']=f
    L,R=sides['left'],sides['right']
    hands=[k for k in L]
    for k in hands:
        out['max_'+k]=np.maximum(L[k],R[k]); out['min_'+k]=np.minimum(L[k],R[k]); out['R_'+k]=R[k]; out['L_'+k]=L[k]
    for k in ('path','speed','peak','std','up_range','fwd_range','out_range','over_head_share','up_max','ext_max','ext_med','up_med','elbow_range','foot_speed','foot_peak','foot_h','foot_std','foot_moved','knee_h','knee_range','to_head_min'):
        out['rel_'+k]=(R[k]-L[k])/(np.abs(R[k])+np.abs(L[k])+0.05)
    # hands together
    lh,rh=sides['left_hand'],sides['right_hand']; hd=norm(lh-rh); out['hands_min']=q(hd,.05); out['hands_med']=np.median(hd,1); out['hands_max']=q(hd,.95); out['hands_close_share']=(hd<.2).mean(1); out['hands_rev']=revs(hd,.12)
    out['hands_cross']=q((local(lh-rh)[...,0]),.95)
    # correlation of hands
    a,b=sides['left_r'],sides['right_r']; 
    for i,nm in enumerate(('out','up','fwd')):
        x=a[...,i]-a[...,i].mean(1,keepdims=True); y=b[...,i]-b[...,i].mean(1,keepdims=True); out['hcorr_'+nm]=(x*y).mean(1)/(np.sqrt((x*x).mean(1)*(y*y).mean(1))+.003)
    a,b=sides['left_f'],sides['right_f']
    for i,nm in ((2,'fwd'),(1,'up')):
        x=a[...,i]-a[...,i].mean(1,keepdims=True); y=b[...,i]-b[...,i].mean(1,keepdims=True); out['fcorr_'+nm]=(x*y).mean(1)/(np.sqrt((x*x).mean(1)*(y*y).mean(1))+.003); out['falt_'+nm]=-(x*y).mean(1)
    fd=np.abs((a-b)[...,2]); out['stride']=q(fd,.9); out['stance_w']=np.median(np.abs(norm((g('ankle_left')-g('ankle_right'))*np.array([1,0,1],'f4'))),1); out['stance_max']=q(norm((g('ankle_left')-g('ankle_right'))*np.array([1,0,1],'f4')),.95)
    x=(a-b)[...,2]; out['steps']=revs(x,.15); out['step_rate']=out['steps']/act.clip(.3); x=(a-b)[...,1]; out['marches']=revs(x,.12); out['march_rate']=out['marches']/act.clip(.3)
    # energy
    rel=P-pel[:,:,None]; e=norm(np.diff(rel,axis=1)).mean(-1)/dt; out['energy']=e.mean(1); out['energy_peak']=q(e,.95); out['energy_std']=e.std(1)
    up=[4,5,6,7,8,9,10,11,3]; lo=[13,14,17,18]
    eu=norm(np.diff(rel[:,:,up],axis=1)).mean(-1)/dt; el=norm(np.diff(rel[:,:,lo],axis=1)).mean(-1)/dt; out['arms_share']=eu.mean(1)/(eu.mean(1)+el.mean(1)+.02)
    out['seconds']=act; out['log_seconds']=np.log(act.clip(.2))
    # periodicity: autocorrelation of whole body pose
    X=(rel-rel.mean(1,keepdims=True)).reshape(N,T,-1); X=X/np.sqrt((X*X).sum(2,keepdims=True).mean(1,keepdims=True)+1e-4)
    ac=np.stack([(X[:,k:]*X[:,:T-k]).sum(2).mean(1) for k in range(3,30)],1); 
    mn=np.minimum.accumulate(ac,1); out['period']=(ac-mn).max(1)
    # unmeasured head
    nohead=~meas[:,J['head']]
    names=list(out); F=np.stack([out[n] for n in names],1).astype('f4')
    hm=np.array(['head' in n for n in names]); F[np.ix_(nohead,hm)]=np.nan
    F[~np.isfinite(F)]=np.nan
    return names,F
def revs(x: Any, amp: float) -> Any:
    """number of direction changes of x (N,T) with swings above amp: zigzag count"""
    N,T=x.shape; hi=x[:,0].copy(); lo=x[:,0].copy(); d=np.zeros(N,int); n=np.zeros(N,'f4')
    for t in range(1,T):
        v=x[:,t]; hi=np.maximum(hi,v); lo=np.minimum(lo,v)
        up=(d<=0)&(v-lo>amp); dn=(d>=0)&(hi-v>amp)&~up
        n+=((up&(d<0))|(dn&(d>0)))
        hi=np.where(up|dn,v,hi); lo=np.where(up|dn,v,lo); d=np.where(up,1,np.where(dn,-1,d))
    return n


def measure(positions: NDArray[np.float32], measured: NDArray[np.bool_], seconds: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, T, V, 3) one body per clip, (N, V) joints seen, (N,) seconds -> (N, len(MEASURES)), NaN where unknown."""
    values: NDArray[np.float32] = _prototype(positions, measured, seconds)[1]
    return values


MEASURES: tuple[str, ...] = tuple(_prototype(np.zeros((1, 50, 20, 3), np.float32), np.ones((1, 20), bool), np.ones(1))[0])
