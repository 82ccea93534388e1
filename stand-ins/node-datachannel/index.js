// libp2p's WebRTC transport names these when it is loaded, which helia does; it uses them only when WebRTC is configured,
// which holdfast never does. The real library is native, 10 MB, and under a licence that is not permissive.
function missing() {
  throw new Error('WebRTC is not part of holdfast')
}

export class PeerConnection {
  constructor() {
    missing()
  }
}

export class IceUdpMuxListener {
  constructor() {
    missing()
  }
}
