// See index.js.
export class RTCPeerConnection {
  constructor() {
    throw new Error('WebRTC is not part of holdfast')
  }
}

export class RTCSessionDescription {}
export class RTCIceCandidate {}
